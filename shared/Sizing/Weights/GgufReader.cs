using System.Buffers.Binary;
using System.Text;

namespace Hypervize.Sizing.Weights;

/// <summary>Why a weight file's header can't be read.</summary>
/// <param name="message">What is wrong.</param>
public sealed class MalformedWeightsException(string message) : Exception(message);

/// <summary>
/// Reads the header of a GGUF file (versions 2 and 3): metadata and the shapes of tensors, none of their data.
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
/// </summary>
public static class GgufReader
{
    private const uint Magic = 0x4655_4747; // "GGUF"
    private const int LongestText = 16 * 1024 * 1024;
    private const int LongestTextKept = 4096;
    private const long LongestHeader = 512L * 1024 * 1024;
    private const long MostElements = 1_000_000_000_000_000;
    private const int MostEntries = 1_000_000;
    private const int LongestListKept = 4096;

    // Block size and bytes of a block by tensor type (ggml_type), from ggml's type traits.
    private static readonly Dictionary<uint, (int Elements, int Bytes)> Types = new()
    {
        [0] = (1, 4), [1] = (1, 2), [2] = (32, 18), [3] = (32, 20), [6] = (32, 22), [7] = (32, 24), [8] = (32, 34), [9] = (32, 36), [10] = (256, 84),
        [11] = (256, 110), [12] = (256, 144), [13] = (256, 176), [14] = (256, 210), [15] = (256, 292), [16] = (256, 66), [17] = (256, 74), [18] = (256, 98),
        [19] = (256, 50), [20] = (32, 18), [21] = (256, 110), [22] = (256, 82), [23] = (256, 136), [24] = (1, 1), [25] = (1, 2), [26] = (1, 4), [27] = (1, 8),
        [28] = (1, 8), [29] = (256, 56), [30] = (1, 2), [34] = (256, 54), [35] = (256, 66), [39] = (32, 17),
    };

    /// <summary>Reads a header.</summary>
    /// <param name="file">The file from its beginning; as much of it is read as the header has.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="MalformedWeightsException">It is no GGUF file that we know, or ends early.</exception>
    public static async Task<GgufHeader> ReadAsync(Stream file, CancellationToken cancel)
    {
        var reader = new Reader(file, cancel);
        if (await reader.UInt32Async() != Magic) throw new MalformedWeightsException("It is no GGUF file: it does not begin with GGUF.");
        var version = await reader.UInt32Async();
        if (version is not (2 or 3)) throw new MalformedWeightsException($"It is a GGUF file of version {version}; versions 2 and 3 can be read.");
        var (tensors, entries) = (await reader.CountAsync("tensors"), await reader.CountAsync("metadata entries"));

        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        for (var i = 0; i < entries; i++)
        {
            var name = await reader.TextAsync();
            if (await reader.ValueAsync(await reader.UInt32Async()) is { } value) values[name] = value;
        }

        long parameters = 0;
        long? bytes = 0;
        for (var i = 0; i < tensors; i++)
        {
            await reader.TextAsync();
            var dimensions = await reader.UInt32Async();
            if (dimensions > 8) throw new MalformedWeightsException($"A tensor has {dimensions} dimensions.");
            long elements = 1;
            for (var d = 0; d < dimensions; d++)
                elements = await reader.Int64Async() is >= 0 and <= MostElements and var n && n * (decimal)elements <= MostElements ? elements * n : throw new MalformedWeightsException("A tensor has an absurd shape.");
            var type = await reader.UInt32Async();
            await reader.Int64Async(); // Where its data begins.
            parameters += elements;
            bytes = Types.TryGetValue(type, out var block) ? bytes + ((elements + block.Elements - 1) / block.Elements * block.Bytes) : null;
        }
        return new(values.GetValueOrDefault("general.architecture") as string, values, bytes, parameters);
    }

    private sealed class Reader(Stream file, CancellationToken cancel)
    {
        private readonly byte[] _small = new byte[8];
        private long _read;

        public async ValueTask<uint> UInt32Async() => BinaryPrimitives.ReadUInt32LittleEndian((await FillAsync(4)).Span);

        public async ValueTask<long> Int64Async() => BinaryPrimitives.ReadInt64LittleEndian((await FillAsync(8)).Span);

        public async ValueTask<long> CountAsync(string what) =>
            await Int64Async() is >= 0 and <= MostEntries and var count ? count : throw new MalformedWeightsException($"Its header claims an absurd number of {what}.");

        public async ValueTask<string> TextAsync()
        {
            var length = await Int64Async();
            if (length is < 0 or > LongestText) throw new MalformedWeightsException("Its header claims an absurdly long text.");
            var text = new byte[length];
            await ReadAsync(text);
            return Encoding.UTF8.GetString(text, 0, Math.Min(text.Length, LongestTextKept));
        }

        // Whole numbers and texts are kept; fractions tell nothing about size.
        public async ValueTask<object?> ValueAsync(uint type) => type switch
        {
            0 or 7 => (long)(await FillAsync(1)).Span[0],
            1 => (long)(sbyte)(await FillAsync(1)).Span[0],
            2 => (long)BinaryPrimitives.ReadUInt16LittleEndian((await FillAsync(2)).Span),
            3 => (long)BinaryPrimitives.ReadInt16LittleEndian((await FillAsync(2)).Span),
            4 => (long)await UInt32Async(),
            5 => (long)(int)await UInt32Async(),
            6 => Nothing(await FillAsync(4)),
            8 => await TextAsync(),
            9 => await ListAsync(),
            10 or 11 => await Int64Async(),
            12 => Nothing(await FillAsync(8)),
            _ => throw new MalformedWeightsException($"Its header has a value of an unknown type, {type}."),
        };

        private async ValueTask<object?> ListAsync()
        {
            var type = await UInt32Async();
            if (type == 9) throw new MalformedWeightsException("Its header has a list of lists.");
            var count = await Int64Async();
            if (count is < 0 or > 100 * MostEntries) throw new MalformedWeightsException("Its header claims an absurdly long list.");
            var numbers = new List<long>();
            for (long i = 0; i < count; i++)
                if (await ValueAsync(type) is long number && numbers.Count < LongestListKept) numbers.Add(number);
            return numbers.Count == count ? numbers : null;
        }

        private static object? Nothing(ReadOnlyMemory<byte> _) => null;

        private async ValueTask<ReadOnlyMemory<byte>> FillAsync(int count)
        {
            await ReadAsync(_small.AsMemory(0, count));
            return _small.AsMemory(0, count);
        }

        private async ValueTask ReadAsync(Memory<byte> into)
        {
            if ((_read += into.Length) > LongestHeader) throw new MalformedWeightsException("Its header is absurdly long.");
            try
            {
                await file.ReadExactlyAsync(into, cancel);
            }
            catch (EndOfStreamException)
            {
                throw new MalformedWeightsException("The file ends inside its header.");
            }
        }
    }
}
