using System.Buffers;
using System.Runtime.InteropServices;

namespace Hypervize.Proxy.Answers;

/// <summary>Room for the large answers of all requests that must be whole before any of them is passed on.</summary>
/// <param name="most">Bytes of all together.</param>
internal sealed class AnswerRoom(long most)
{
    private long _taken;

    /// <summary>Takes some, if there is any left.</summary>
    /// <param name="bytes">Bytes.</param>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= most) return true;
        Give(bytes);
        return false;
    }

    /// <summary>Gives some back.</summary>
    /// <param name="bytes">Bytes.</param>
    public void Give(long bytes) => Interlocked.Add(ref _taken, -bytes);
}

/// <summary>An answer that is kept until it is whole.</summary>
/// <param name="room">Room for all of them.</param>
/// <param name="announced">Bytes that it has by its own account; 0 when it has none.</param>
internal sealed class CollectedAnswer(AnswerRoom room, long announced) : IDisposable
{
    private const int MostBytes = 32 * 1024 * 1024;

    // What any request may take; who needs more shares the room.
    private const int Small = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _bytes = new((int)Math.Clamp(announced, 1, Small));
    private long _taken;

    /// <summary>What is there of it.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    /// <summary>Adds what came.</summary>
    /// <param name="piece">The piece.</param>
    /// <returns>False when there is no room for more.</returns>
    public bool Add(ReadOnlySpan<byte> piece)
    {
        _bytes.Write(piece);
        if (_bytes.WrittenCount <= Small) return true;
        if (_bytes.WrittenCount > MostBytes || !room.TryTake(piece.Length)) return false;
        // Once, rather than by doubling.
        if (_taken == 0 && announced <= MostBytes) _bytes.GetSpan((int)Math.Max(0, announced - _bytes.WrittenCount));
        _taken += piece.Length;
        return true;
    }

    /// <summary>Makes one line of it; in JSON, line breaks stand only between what it says.</summary>
    public void JoinLines()
    {
        var bytes = MemoryMarshal.AsMemory(_bytes.WrittenMemory).Span;
        bytes.Replace((byte)'\r', (byte)' ');
        bytes.Replace((byte)'\n', (byte)' ');
    }

    /// <summary>Gives its room back; what is there of it can still be read.</summary>
    public void Dispose()
    {
        room.Give(_taken);
        _taken = 0;
    }
}
