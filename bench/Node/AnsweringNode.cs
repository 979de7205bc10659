using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hypervize.Bench.Load;

namespace Hypervize.Bench.Node;

/// <summary>
/// The node behind every proxy that is measured: answers each request at once, and as cheaply as can be, so that the core it shares with
/// the load generator is not what limits. A request is answered when it is there as a whole: answered earlier, some proxies close the
/// connection, and look three times as slow as they are. One thread.
/// </summary>
internal sealed class AnsweringNode : IDisposable
{
    private const int Listener = -1;
    private const int Beats = 20;

    private readonly Poller _poller = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Connection> _connections = [];

    // Each stream has a chunk due in one of these, in turn: so chunks of many streams are spread over the time between two of one.
    private readonly List<Connection>[] _streams = [.. Enumerable.Range(0, Beats).Select(_ => new List<Connection>())];
    private int _streaming;
    private int _started;
    private long _beat;
    private long _requests;
    private long _chunks;

    private static readonly TimeSpan BeatEvery = Answers.Pace / Beats;

    private static long Now => (long)(Stopwatch.GetElapsedTime(0) / BeatEvery);

    /// <summary>Listens on a free loopback port.</summary>
    /// <returns>The port.</returns>
    public int Listen()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(16_384);
        _listener.Blocking = false;
        _poller.Watch(_listener, Listener);
        return ((IPEndPoint)_listener.LocalEndPoint!).Port;
    }

    /// <summary>Serves until it is told to stop.</summary>
    /// <param name="stop">Stops.</param>
    public void Serve(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var ready = _poller.Wait(_streaming > 0 ? (int)BeatEvery.TotalMilliseconds : 200);
            for (var i = 0; i < ready; i++)
            {
                if (_poller.Token(i) is var token && token == Listener) Accept();
                else Receive(_connections[token]);
            }
            Beat();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        foreach (var connection in _connections) connection.Socket.Dispose();
        _poller.Dispose();
    }

    private void Accept()
    {
        while (_listener.Poll(0, SelectMode.SelectRead))
        {
            var socket = _listener.Accept();
            (socket.Blocking, socket.NoDelay) = (false, true);
            _poller.Watch(socket, _connections.Count);
            _connections.Add(new(socket));
        }
    }

    private void Receive(Connection connection)
    {
        if (connection.Received == connection.Buffer.Length) Array.Resize(ref connection.Buffer, 2 * connection.Buffer.Length);
        var read = connection.Socket.Receive(connection.Buffer.AsSpan(connection.Received), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock) return;
        if (read == 0)
        {
            connection.Close();
            return;
        }
        connection.Received += read;
        var request = connection.Buffer.AsSpan(0, connection.Received);
        if (HttpText.LengthOf(request, out var body) < 0) return;
        connection.Received = 0;
        Answer(connection, request, request[body..]);
    }

    private void Answer(Connection connection, ReadOnlySpan<byte> request, ReadOnlySpan<byte> body)
    {
        if (request.StartsWith("GET "u8))
        {
            connection.Send(Answers.Whole($$"""{"requests":{{_requests}},"chunks":{{_chunks}}}"""));
            return;
        }
        _requests++;
        if (body.IndexOf("\"stream\":true"u8) < 0)
        {
            connection.Send(Answers.Completion);
            return;
        }
        connection.Send(Answers.StreamHead);
        (connection.ChunksLeft, connection.WantsUsage) = (Answers.Chunks, body.IndexOf("\"include_usage\":true"u8) >= 0);
        _streams[_started++ % Beats].Add(connection);
        if (_streaming++ == 0) _beat = Now;
    }

    private void Beat()
    {
        for (var now = Now; _streaming > 0 && _beat < now; _beat++) _streaming -= _streams[_beat % Beats].RemoveAll(IsOver);
    }

    private bool IsOver(Connection stream)
    {
        if (stream.IsClosed) return true;
        _chunks++;
        if (stream.ChunksLeft-- > 0)
        {
            stream.Send(Answers.Chunk);
            return false;
        }
        stream.Send(stream.WantsUsage ? Answers.StreamEndWithUsage : Answers.StreamEnd);
        return true;
    }

    private sealed class Connection(Socket socket)
    {
        public byte[] Buffer = new byte[4096];
        public Socket Socket { get; } = socket;
        public int Received { get; set; }
        public int ChunksLeft { get; set; }
        public bool WantsUsage { get; set; }
        public bool IsClosed { get; private set; }

        public void Send(byte[] bytes)
        {
            if (!IsClosed && (Socket.Send(bytes, SocketFlags.None, out var error) < bytes.Length || error != SocketError.Success)) Close();
        }

        public void Close()
        {
            IsClosed = true;
            Socket.Dispose();
        }
    }
}
