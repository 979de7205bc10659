using System.Buffers.Text;

namespace Hypervize.Proxy.Nodes;

/// <summary>Where an answer's chunked body stands (RFC 9112, 7.1): takes what arrives apart, however it is cut.</summary>
internal struct ChunkedBody
{
    private const int LongestLine = 4096;

    private enum Next : byte
    {
        Size,
        Data,
        DataEnd,
        Trailer,
        Nothing,
    }

    private Next _next;
    private long _left;

    /// <summary>Whether the body has ended.</summary>
    public readonly bool IsComplete => _next == Next.Nothing;

    /// <summary>Takes the next stretch of payload.</summary>
    /// <param name="arrived">What arrived and was not taken yet.</param>
    /// <param name="taken">Bytes of it that are taken by this call; 0 when more must arrive first.</param>
    /// <param name="payload">The payload within them; may be empty.</param>
    /// <returns>False when this is no chunked body.</returns>
    public bool TryTake(ReadOnlySpan<byte> arrived, out int taken, out Range payload)
    {
        (taken, payload) = (0, default);
        while (taken < arrived.Length && !IsComplete)
        {
            var rest = arrived[taken..];
            if (_next == Next.Data)
            {
                var length = (int)Math.Min(_left, rest.Length);
                payload = taken..(taken + length);
                taken += length;
                _left -= length;
                if (_left == 0) _next = Next.DataEnd;
                return true;
            }
            var end = rest.IndexOf((byte)'\n');
            if (end < 0) return rest.Length <= LongestLine;
            if (!TryEndLine(rest[..end])) return false;
            taken += end + 1;
        }
        return true;
    }

    private bool TryEndLine(ReadOnlySpan<byte> line)
    {
        if (line is [.., (byte)'\r']) line = line[..^1];
        switch (_next)
        {
            case Next.Size:
                // More than 15 digits would not fit; a size may be followed by extensions, which mean nothing to us.
                if (!Utf8Parser.TryParse(line, out _left, out var digits, 'x') || digits > 15 || _left < 0) return false;
                if (line[digits..].TrimStart(" \t"u8) is [not (byte)';', ..]) return false;
                _next = _left > 0 ? Next.Data : Next.Trailer;
                return true;
            case Next.DataEnd:
                _next = Next.Size;
                return line.IsEmpty;
            case Next.Trailer:
                if (line.IsEmpty) _next = Next.Nothing;
                return true;
            case Next.Data or Next.Nothing:
            default:
                return false;
        }
    }
}
