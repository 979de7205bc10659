using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace Hypervize.Proxy.Nodes;

/// <summary>A node's answer is no HTTP, or the connection ended in the middle of it.</summary>
internal sealed class BrokenAnswerException(string why) : IOException(why);

/// <summary>
/// An HTTP/1.1 connection to a node, for one exchange after the other. While it is idle it listens already, so that a node that closes it is noticed
/// without asking, and so that the answer's arrival costs one system call.
/// </summary>
/// <param name="socket">The connection.</param>
/// <param name="room">What it took one of when it was made, and gives back when it is disposed.</param>
internal sealed class NodeConnection(Socket socket, SemaphoreSlim room) : IDisposable
{
    private static readonly TimeSpan SoonSent = TimeSpan.FromMilliseconds(100);
    private readonly byte[] _arrived = new byte[AnswerHead.MostBytes];
    private int _start, _end;
    private ValueTask<int> _receiving;
    private bool _isReceiving, _isAnswered, _isCutShort, _isCut;
    private ChunkedBody _chunks;
    private long _left;

    /// <summary>The answer's status line and headers.</summary>
    public AnswerHead Head { get; } = new();

    /// <summary>When it became idle, in timestamps of the pool's clock.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether the answer was read to its end.</summary>
    public bool IsAtEnd { get; private set; } = true;

    /// <summary>Whether it has carried no exchange yet.</summary>
    public bool IsNew => Head.Status == 0 && !_isReceiving;

    /// <summary>Whether nothing came and nobody closed it since it became idle.</summary>
    public bool IsFresh => _isReceiving && !_receiving.IsCompleted;

    /// <summary>The same, by asking the system: the thread that would tell us may be busy.</summary>
    public bool IsQuiet => !socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Listens for what comes, although nothing was sent yet.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "It is awaited once, by the next to receive; a task would be one more object for each exchange.")]
    public void Listen()
    {
        (_start, _end) = (0, 0);
        _receiving = socket.ReceiveAsync(_arrived.AsMemory(), SocketFlags.None);
        _isReceiving = true;
    }

    /// <summary>Sends a piece of a request, all of it.</summary>
    /// <param name="piece">The piece.</param>
    /// <exception cref="SocketException">The connection is broken.</exception>
    /// <exception cref="ObjectDisposedException">It was cut.</exception>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> piece)
    {
        Head.Clear();
        (IsAtEnd, _isAnswered) = (false, false);
        // Nearly always the system takes all of it at once, which to try first costs less than to begin waiting for it.
        var sent = socket.Send(piece.Span, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock)) throw new SocketException((int)error);
        return sent == piece.Length ? new(sent) : socket.SendAsync(piece[sent..], SocketFlags.None);
    }

    /// <summary>
    /// Sends a further piece of a request, as far as the node wants it: one that finds a body too large need not read it to say so, and may close the connection
    /// behind its answer. Whatever keeps the rest from being sent is seen by reading on.
    /// </summary>
    /// <param name="piece">The piece.</param>
    public async ValueTask SendMoreAsync(ReadOnlyMemory<byte> piece)
    {
        if (piece.IsEmpty) return;
        if (_isAnswered)
        {
            _isCutShort = true;
            return;
        }
        try
        {
            var sending = socket.SendAsync(piece, SocketFlags.None).AsTask();
            while (!_isAnswered && !sending.IsCompleted)
            {
                var arrival = Arrival();
                _isAnswered = await Task.WhenAny(sending, arrival) == arrival && await IsAnswerAsync(arrival);
            }
            _isCutShort = _isAnswered && !await IsTakenAsync(sending);
            if (_isCutShort) socket.Shutdown(SocketShutdown.Send); // Ends the sending, so that nobody uses the piece any more.
            await sending;
        }
        catch (SocketException)
        {
            _isAnswered = _isCutShort = true;
        }
    }

    /// <summary>Reads the answer's status line and headers into <see cref="Head"/>; answers that only announce another are passed over.</summary>
    /// <returns>False when more must be received first.</returns>
    /// <exception cref="IOException">What came is no HTTP.</exception>
    public bool TryReadHead()
    {
        while (HeadLength() is var length and >= 0)
        {
            if (!Head.TryRead(_arrived.AsSpan(_start, length))) throw new BrokenAnswerException("The answer is no HTTP.");
            _start += length;
            if (Head.Status < 200) continue;
            (_chunks, _left, IsAtEnd) = (default, Head.Length, Head.End == BodyEnd.None);
            return true;
        }
        if (_end - _start == _arrived.Length) throw new BrokenAnswerException("The head of the answer is too large.");
        return false;
    }

    /// <summary>Takes the next stretch of the answer's body out of what has arrived.</summary>
    /// <param name="payload">The stretch; it is good until <see cref="ReceiveAsync"/>.</param>
    /// <returns>False when nothing is left of what has arrived: the answer is at its end, or more must be received.</returns>
    /// <exception cref="IOException">What came is no HTTP.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        while (!IsAtEnd && _start < _end)
        {
            var before = _start;
            payload = Take();
            if (!payload.IsEmpty) return true;
            if (_start == before) break;
        }
        return false;
    }

    /// <summary>Waits for more of the answer; say by <see cref="Received"/> what came. (Two steps, for one asynchronous method less on the way of every answer.)</summary>
    /// <returns>Bytes that came; 0 when the connection has ended.</returns>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public ValueTask<int> ReceiveAsync()
    {
        if (_isReceiving)
        {
            _isReceiving = false;
            return _receiving;
        }
        if (_start > 0)
        {
            _arrived.AsSpan(_start, _end - _start).CopyTo(_arrived);
            (_start, _end) = (0, _end - _start);
        }
        return socket.ReceiveAsync(_arrived.AsMemory(_end), SocketFlags.None);
    }

    /// <summary>What <see cref="ReceiveAsync"/> brought can be read from now on.</summary>
    /// <param name="bytes">Bytes that came.</param>
    /// <exception cref="IOException">The connection ended too early.</exception>
    public void Received(int bytes)
    {
        _end += bytes;
        if (bytes > 0) return;
        if (Head.End != BodyEnd.Close) throw new BrokenAnswerException("The connection ended before the answer did.");
        IsAtEnd = true;
    }

    /// <summary>Whether another exchange may follow: the last was read to its end, and both sides keep the connection.</summary>
    public bool IsReusable => IsAtEnd && Head.KeepsAlive && _start == _end && !_isCutShort && !_isCut;

    /// <inheritdoc/>
    // Whatever waits on it ends with an exception; the node sees that nobody is there any more.
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isCut, true)) return;
        socket.Dispose();
        room.Release();
    }

    private ReadOnlyMemory<byte> Take()
    {
        switch (Head.End)
        {
            case BodyEnd.Length:
                var length = (int)Math.Min(_left, _end - _start);
                var part = _arrived.AsMemory(_start, length);
                _start += length;
                _left -= length;
                IsAtEnd = _left == 0;
                return part;
            case BodyEnd.Chunks:
                if (!_chunks.TryTake(_arrived.AsSpan(_start, _end - _start), out var taken, out var payload)) throw new BrokenAnswerException("The answer's chunks are malformed.");
                var (offset, count) = payload.GetOffsetAndLength(_end - _start);
                var chunk = _arrived.AsMemory(_start + offset, count);
                _start += taken;
                IsAtEnd = _chunks.IsComplete;
                return chunk;
            case BodyEnd.Close:
                var rest = _arrived.AsMemory(_start, _end - _start);
                _start = _end;
                return rest;
            case BodyEnd.None:
            default:
                return default;
        }
    }

    // What comes next; the reader can still wait for it too.
    private Task<int> Arrival()
    {
        var arrival = ReceiveAsync().AsTask();
        (_receiving, _isReceiving) = (new(arrival), true);
        return arrival;
    }

    // Whether the answer's head is there, or none can come any more, which the reader finds out for itself; heads that only announce another are passed over.
    private async ValueTask<bool> IsAnswerAsync(Task<int> arrival)
    {
        if (!arrival.IsCompletedSuccessfully || await arrival is not (> 0 and var bytes)) return true;
        (_isReceiving, _end) = (false, _end + bytes);
        int length;
        while ((length = HeadLength()) >= 0 && Head.TryRead(_arrived.AsSpan(_start, length)) && Head.Status < 200) _start += length;
        return length >= 0 || _end - _start == _arrived.Length;
    }

    // Whether all is sent, too. Who has read all answers perhaps before we hear that it is sent: then the system would take more, and says so in no time.
    private async ValueTask<bool> IsTakenAsync(Task sending) =>
        sending.IsCompleted || (socket.Poll(0, SelectMode.SelectWrite) && await Task.WhenAny(sending, Task.Delay(SoonSent)) == sending);

    // -1 while the head goes on; 0 when it ended as no head does, with line feeds alone: nothing more may come of it.
    private int HeadLength()
    {
        var arrived = _arrived.AsSpan(_start, _end - _start);
        var end = arrived.IndexOf("\r\n\r\n"u8);
        if (end >= 0) return end + 4;
        return arrived.IndexOf("\n\n"u8) >= 0 || arrived.IndexOf("\n\r\n"u8) >= 0 ? 0 : -1;
    }
}
