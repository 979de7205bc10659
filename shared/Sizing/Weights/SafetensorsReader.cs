using System.Buffers.Binary;
using System.Text.Json;

namespace Hypervize.Sizing.Weights;

/// <summary>What a safetensors file's header tells of its tensors.</summary>
/// <param name="ParametersByDtype">Elements by dtype.</param>
/// <param name="TensorBytes">Bytes of all tensors.</param>
public sealed record SafetensorsHeader(IReadOnlyDictionary<string, long> ParametersByDtype, long TensorBytes);

/// <summary>
/// Reads the header of a safetensors file: dtypes and shapes, none of the data.
/// Format: https://github.com/huggingface/safetensors#format
/// </summary>
public static class SafetensorsReader
{
    // The limit of the format's own reader.
    private const long LongestHeader = 100_000_000;

    /// <summary>Reads a header.</summary>
    /// <param name="file">The file from its beginning; as much of it is read as the header has.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="MalformedWeightsException">It is no safetensors file, or ends early.</exception>
    public static async Task<SafetensorsHeader> ReadAsync(Stream file, CancellationToken cancel)
    {
        try
        {
            var start = new byte[8];
            await file.ReadExactlyAsync(start, cancel);
            var length = BinaryPrimitives.ReadInt64LittleEndian(start);
            if (length is < 2 or > LongestHeader) throw new MalformedWeightsException("It is no safetensors file: its header has an absurd length.");
            var header = new byte[length];
            await file.ReadExactlyAsync(header, cancel);
            using var document = JsonDocument.Parse(header);
            return Sum(document.RootElement);
        }
        catch (EndOfStreamException)
        {
            throw new MalformedWeightsException("The file ends inside its header.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new MalformedWeightsException($"It is no safetensors file: its header can't be read ({e.Message}).");
        }
    }

    private static SafetensorsHeader Sum(JsonElement tensors)
    {
        var byDtype = new Dictionary<string, long>(StringComparer.Ordinal);
        long bytes = 0;
        foreach (var tensor in tensors.EnumerateObject().Where(t => t.Name != "__metadata__"))
        {
            var dtype = tensor.Value.GetProperty("dtype").GetString()!;
            var elements = tensor.Value.GetProperty("shape").EnumerateArray().Aggregate(1L, (product, n) => checked(product * n.GetInt64()));
            var offsets = tensor.Value.GetProperty("data_offsets");
            byDtype[dtype] = byDtype.GetValueOrDefault(dtype) + elements;
            bytes = checked(bytes + offsets[1].GetInt64() - offsets[0].GetInt64());
        }
        return new(byDtype, bytes);
    }
}
