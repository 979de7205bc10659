using System.Text;
using System.Text.Json.Nodes;

namespace Hypervize.Sizing.Tests;

/// <summary>Writes weight files as their formats have it: real headers, and data that is all zeros.</summary>
internal static class WeightFiles
{
    public static byte[] Safetensors(params (string Name, string Dtype, long[] Shape, int BytesEach)[] tensors)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long offset = 0;
        foreach (var (name, dtype, shape, bytesEach) in tensors)
        {
            var end = offset + (shape.Aggregate(1L, (a, b) => a * b) * bytesEach);
            header[name] = new JsonObject { ["dtype"] = dtype, ["shape"] = new JsonArray([.. shape.Select(n => (JsonNode)n)]), ["data_offsets"] = new JsonArray(offset, end) };
            offset = end;
        }
        var text = Encoding.UTF8.GetBytes(header.ToJsonString());
        return [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[offset]];
    }

    public static byte[] Gguf(IReadOnlyDictionary<string, object> metadata, params (string Name, uint Type, long[] Shape)[] tensors)
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((long)tensors.Length);
        writer.Write((long)metadata.Count);
        foreach (var (name, value) in metadata)
        {
            Text(writer, name);
            switch (value)
            {
                case string text: writer.Write(8u); Text(writer, text); break;
                case uint number: writer.Write(4u); writer.Write(number); break;
                case float fraction: writer.Write(6u); writer.Write(fraction); break;
                case uint[] numbers: writer.Write(9u); writer.Write(4u); writer.Write((long)numbers.Length); foreach (var n in numbers) writer.Write(n); break;
                case string[] texts: writer.Write(9u); writer.Write(8u); writer.Write((long)texts.Length); foreach (var t in texts) Text(writer, t); break;
                default: throw new ArgumentException($"A {value.GetType()} is not written here.");
            }
        }
        foreach (var (name, type, shape) in tensors)
        {
            Text(writer, name);
            writer.Write((uint)shape.Length);
            foreach (var n in shape) writer.Write(n);
            writer.Write(type);
            writer.Write(0L);
        }
        writer.Flush();
        return file.ToArray();
    }

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }
}
