namespace Hypervize.Sizing.OwnWeights;

/// <summary>Reads a remote file forward, a range at a time: a header of some kilobytes costs one request, not the whole file.</summary>
/// <param name="fetch">Offset, count → bytes from there, fewer at the end.</param>
internal sealed class RangeStream(Func<long, int, CancellationToken, Task<byte[]>> fetch) : Stream
{
    private const int First = 64 * 1024;
    private const int Largest = 8 * 1024 * 1024;

    private byte[] _held = [];
    private int _at;
    private long _next;
    private int _range = First;
    private bool _ended;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException("A stream of ranges does not know where it ends.");

    /// <inheritdoc/>
    public override long Position
    {
        get => _next - _held.Length + _at;
        set => throw new NotSupportedException("A stream of ranges is read forward.");
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == _held.Length && !_ended)
        {
            _held = await fetch(_next, _range, cancellationToken);
            (_at, _next, _ended) = (0, _next + _held.Length, _held.Length < _range);
            _range = Math.Min(2 * _range, Largest);
        }
        var count = Math.Min(buffer.Length, _held.Length - _at);
        _held.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A stream of ranges is read without blocking.");

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A stream of ranges is read forward.");

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException("A stream of ranges is read only.");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A stream of ranges is read only.");
}
