using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hypervize.Hosting;

namespace Hypervize.Bench.Load;

/// <summary>A request of an open loop.</summary>
/// <param name="Due">When it was to be sent, by <see cref="Stopwatch.GetTimestamp"/>.</param>
/// <param name="Answered">When its whole answer was there; 0 when none came.</param>
/// <param name="Status">Status of the answer; 0 when none came.</param>
internal readonly record struct Sent(long Due, long Answered, int Status)
{
    /// <summary>Whether it was served.</summary>
    public bool Served => Status == 200;

    /// <summary>From when it was due, not from when it could be sent: what the load generator is held up by counts, too.</summary>
    public double Milliseconds => (Answered - Due) * 1000.0 / Stopwatch.Frequency;
}

/// <summary>
/// Sends a request at exact times, however long earlier ones take: each takes an idle connection, or a new one. It has a thread of its
/// own while it runs.
/// </summary>
/// <param name="port">Port on loopback.</param>
/// <param name="request">The request, from its first byte to its last.</param>
internal sealed class OpenLoop(int port, byte[] request) : IDisposable
{
    private const int Clock = -1;
    private const int Nothing = -1;
    private const long Never = 0;
    private const int MostAtOnce = 64;

    // The runtime ends a process that has none left.
    private const int OtherFiles = 1_000;
    private static readonly IPAddress Here = IPAddress.Loopback;

    private readonly Poller _poller = new();
    private readonly List<Connection> _connections = [];
    private readonly Stack<Connection> _idle = new();
    private Sent[] _all = [];
    private int _connected;
    private int _open;

    /// <summary>Sends requests and waits for their answers.</summary>
    /// <param name="perSecond">Requests per second.</param>
    /// <param name="count">Requests in all.</param>
    /// <param name="patience">How long the last answers are waited for after the last request.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>All requests, in the order in which they were due.</returns>
    public Task<IReadOnlyList<Sent>> RunAsync(double perSecond, int count, TimeSpan patience, CancellationToken cancel) =>
        Task.Factory.StartNew<IReadOnlyList<Sent>>(() => Run(perSecond, count, patience, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var connection in _connections) connection.Socket.Dispose();
        _poller.Dispose();
    }

    private Sent[] Run(double perSecond, int count, TimeSpan patience, CancellationToken cancel)
    {
        _all = new Sent[count];
        _open = 0;
        var pause = (long)(1e9 / perSecond);
        var ticks = pause * (Stopwatch.Frequency / 1e9);
        var sent = 0;
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(count * ticks + patience.TotalSeconds * Stopwatch.Frequency);
        _poller.Tick(pause, Clock);
        while ((sent < count || _open > 0) && Stopwatch.GetTimestamp() < end)
        {
            cancel.ThrowIfCancellationRequested();
            var ready = _poller.Wait(milliseconds: 100);
            for (var i = 0; i < ready; i++)
            {
                if (_poller.Token(i) is var token && token == Clock) _poller.Ticked();
                else Receive(_connections[token]);
            }
            var before = sent;
            // Not all of many that are late at once: answers are to be read meanwhile.
            for (; sent < Math.Min(count, before + MostAtOnce) && start + (long)((sent + 1) * ticks) is var due && due <= Stopwatch.GetTimestamp(); sent++) Send(sent, due);
            if (sent == count && before < count) _poller.Tick(Never, Clock);
        }
        foreach (var given in _connections.Where(c => c.Request != Nothing)) Fail(given);
        return _all;
    }

    private void Send(int index, long due)
    {
        _all[index] = new(due, 0, 0);
        if (!_idle.TryPop(out var connection) && (connection = Connect()) is null) return;
        (connection.Request, connection.IsSent, connection.Received) = (index, false, 0);
        _open++;
        Send(connection);
    }

    // What is not connected yet sends as soon as it is: waiting for one here would hold up all others.
    private void Send(Connection connection)
    {
        var bytes = connection.Socket.Send(request, SocketFlags.None, out var error);
        connection.IsSent = bytes == request.Length;
        if (!connection.IsSent && error != SocketError.WouldBlock) Fail(connection);
    }

    // Null when there can be no more.
    private Connection? Connect()
    {
        if (_connected > OpenFiles.Limit - OtherFiles) return null;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
        try
        {
            socket.Connect(Here, port);
        }
        catch (SocketException)
        {
            // It is under way; or it failed, which sending tells.
        }
        var connection = new Connection(socket);
        _poller.WatchAll(socket, _connections.Count);
        _connections.Add(connection);
        _connected++;
        return connection;
    }

    private void Receive(Connection connection)
    {
        if (connection.Request != Nothing && !connection.IsSent) Send(connection);
        while (connection.IsSent)
        {
            if (connection.Received == connection.Buffer.Length) Array.Resize(ref connection.Buffer, 2 * connection.Buffer.Length);
            var read = connection.Socket.Receive(connection.Buffer.AsSpan(connection.Received), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return;
            if (read == 0 || connection.Request == Nothing)
            {
                Fail(connection);
                return;
            }
            connection.Received += read;
            if (HttpText.LengthOf(connection.Buffer.AsSpan(0, connection.Received), out _) >= 0) Answered(connection);
        }
    }

    private void Answered(Connection connection)
    {
        _all[connection.Request] = _all[connection.Request] with { Answered = Stopwatch.GetTimestamp(), Status = HttpText.StatusOf(connection.Buffer.AsSpan(0, connection.Received)) };
        (connection.Request, connection.Received) = (Nothing, 0);
        _open--;
        _idle.Push(connection);
    }

    // A connection that ends under a request takes it along; one that ends while idle is only not used again.
    private void Fail(Connection connection)
    {
        connection.Socket.Dispose();
        _connected--;
        if (connection.Request != Nothing) _open--;
        connection.Request = Nothing;
        var idle = _idle.Where(c => c != connection).Reverse().ToList();
        _idle.Clear();
        foreach (var other in idle) _idle.Push(other);
    }

    private sealed class Connection(Socket socket)
    {
        public byte[] Buffer = new byte[2048];
        public Socket Socket { get; } = socket;
        public int Request { get; set; } = Nothing;
        public bool IsSent { get; set; }
        public int Received { get; set; }
    }
}
