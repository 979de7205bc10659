using System.Buffers;
using System.Text;
using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Logs;

/// <summary>What a node has printed since it was read last.</summary>
/// <param name="Lines">Whole lines, and one that stood unfinished.</param>
/// <param name="Skipped">Bytes before them that are left out.</param>
/// <param name="More">Whether there is more at once.</param>
public sealed record OutputBatch(IReadOnlyList<string> Lines, long Skipped, bool More);

/// <summary>Reads on in a node's output, line by line, in small pieces.</summary>
public sealed class OutputFollower
{
    private const int MostLines = 500;
    private const int MostOfALine = 16 * 1024;
    private const int Piece = 128 * 1024;
    private const long MostBehind = 1024 * 1024;
    private const long KeptOfMore = 256 * 1024;
    private static readonly TimeSpan StandsFor = TimeSpan.FromSeconds(1);

    private readonly OutputLog _log;
    private readonly TimeProvider _time;
    private long? _standsSince;

    /// <summary>Begins after a position.</summary>
    /// <param name="log">The node's output.</param>
    /// <param name="position">The position.</param>
    /// <param name="time">Time.</param>
    public OutputFollower(OutputLog log, OutputPosition position, TimeProvider time) => (_log, Position, _time) = (log, position, time);

    /// <summary>How far it was read.</summary>
    public OutputPosition Position { get; private set; }

    /// <summary>Begins with the last lines.</summary>
    /// <param name="log">The node's output.</param>
    /// <param name="lines">How many at most.</param>
    /// <param name="time">Time.</param>
    public static OutputFollower OfLast(OutputLog log, int lines, TimeProvider time)
    {
        using var tape = new OutputTape(log, default);
        // Some less than what would be skipped: meanwhile more is printed.
        var start = Math.Max(0, tape.Length - (MostBehind - Piece));
        var bytes = new byte[tape.Length - start];
        var text = bytes.AsSpan(0, tape.Read(start, bytes));
        var rest = text is [.., (byte)'\n'] ? text[..^1] : text;
        var from = 0;
        for (var n = 0; n < lines; n++)
        {
            from = rest.LastIndexOf((byte)'\n') + 1;
            if (from == 0) break;
            rest = rest[..(from - 1)];
        }
        // Where it begins within a line, the rest of that one is none.
        if (from == 0 && start > 0) from = text.IndexOf((byte)'\n') + 1;
        return new(log, start + from == 0 ? default : tape.At(start + from, isCut: false), time);
    }

    /// <summary>Reads on.</summary>
    /// <param name="ended">Whether the node prints no more: what stands unfinished stays so.</param>
    public OutputBatch Read(bool ended)
    {
        using var tape = new OutputTape(_log, Position);
        // Who is far behind goes on from the next line of the end.
        var skipped = tape.Length > MostBehind ? tape.Length - KeptOfMore : 0;
        var (isCut, lines, used) = (Position.IsCut || skipped > 0, new List<string>(), 0);
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, tape.Read(skipped, buffer.AsSpan(0, Piece)));
            var isLast = skipped + bytes.Length == tape.Length;
            while (lines.Count < MostLines && bytes[used..].IndexOf((byte)'\n') is >= 0 and var length)
            {
                if (!isCut) lines.Add(Text(bytes.Slice(used, length)));
                (isCut, used) = (false, used + length + 1);
            }
            var more = lines.Count == MostLines ? used < bytes.Length || !isLast : !isLast;
            var rest = bytes[used..];
            if (lines.Count < MostLines && (isCut || rest.Length > MostOfALine))
            {
                if (!isCut) lines.Add(Text(rest));
                (isCut, used) = (true, bytes.Length);
            }
            else if (!more && Unfinished(rest, isNew: used > 0, ended) is > 0 and var stood)
            {
                lines.Add(Text(rest[..stood]));
                used += stood;
            }
            if (skipped + used > 0) Position = tape.At(skipped + used, isCut);
            return new(lines, skipped, more && used > 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // How much of a line without an end is told all the same.
    private int Unfinished(ReadOnlySpan<byte> rest, bool isNew, bool ended)
    {
        if (isNew || rest.IsEmpty) _standsSince = null;
        if (rest.IsEmpty) return 0;
        _standsSince ??= _time.GetTimestamp();
        if (!ended && _time.GetElapsedTime(_standsSince.Value) < StandsFor) return 0;
        _standsSince = null;
        return ended ? rest.Length : WholeCharacters(rest);
    }

    private static string Text(ReadOnlySpan<byte> line)
    {
        if (line is [.., (byte)'\r']) line = line[..^1];
        return line.Length <= MostOfALine ? Encoding.UTF8.GetString(line) : $"{Encoding.UTF8.GetString(line[..WholeCharacters(line[..MostOfALine])])}…";
    }

    // Bytes without the beginning of a character at their end.
    private static int WholeCharacters(ReadOnlySpan<byte> text)
    {
        for (var last = 1; last <= Math.Min(3, text.Length); last++)
        {
            var first = text[^last];
            if ((first & 0xC0) == 0x80) continue;
            return (first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1) > last ? text.Length - last : text.Length;
        }
        return text.Length;
    }
}
