using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypervize.Proxy.Tests;

/// <summary>A node made of a bare socket, that does what a test says, byte by byte. It answers those who ask whether it is there.</summary>
internal sealed class ScriptedNode : IAsyncDisposable
{
    public const string Json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"model\":\"model\"}";
    public const string Events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

    private readonly ConcurrentDictionary<NodeExchange, byte> _open = new();
    private readonly int _port;
    private Socket _listener;
    private readonly bool _readsBodies;
    private int _requests, _connections, _probes;

    private ScriptedNode(Func<NodeExchange, Task> script, bool readsBodies = true)
    {
        (OnRequest, _readsBodies) = (script, readsBodies);
        _listener = Listen(0);
        _port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _ = AcceptAsync(_listener);
    }

    /// <summary>What it does with a request that has come.</summary>
    public Func<NodeExchange, Task> OnRequest { get; set; }

    /// <summary>What it answers to those who ask whether it is there.</summary>
    public string ProbeAnswer { get; set; } = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    public string Address => $"http://127.0.0.1:{_port}";

    /// <summary>Requests that came, without those that only ask whether it is there.</summary>
    public int Requests => _requests;

    public int Connections => _connections;

    /// <summary>How often somebody asked whether it is there.</summary>
    public int Probes => _probes;

    public static ScriptedNode Start(Func<NodeExchange, Task> script) => new(script);

    /// <summary>Begins to answer when it has read the head of a request.</summary>
    public static ScriptedNode StartAtHead(Func<NodeExchange, Task> script) => new(script, readsBodies: false);

    /// <summary>Answers everything alike.</summary>
    public static ScriptedNode Answering(string answer) => new(exchange => exchange.WriteAsync(answer));

    /// <summary>Payload as a chunk.</summary>
    public static string Chunk(string payload) => $"{Encoding.UTF8.GetByteCount(payload):x}\r\n{payload}\r\n";

    /// <summary>Refuses connections from now on; those it has stay.</summary>
    public void StopListening() => _listener.Dispose();

    /// <summary>Takes connections again.</summary>
    public void ListenAgain()
    {
        _listener = Listen(_port);
        _ = AcceptAsync(_listener);
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var exchange in _open.Keys) exchange.Close();
        return ValueTask.CompletedTask;
    }

    private static Socket Listen(int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        return listener;
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It stopped listening.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        Interlocked.Increment(ref _connections);
        var exchange = new NodeExchange(socket);
        _open.TryAdd(exchange, 0);
        try
        {
            while (await exchange.ReadRequestAsync(_readsBodies))
            {
                if (exchange.IsProbe)
                {
                    Interlocked.Increment(ref _probes);
                    await exchange.WriteAsync(ProbeAnswer);
                    break;
                }
                Interlocked.Increment(ref _requests);
                await OnRequest(exchange);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side cut it, or the script did.
        }
        _open.TryRemove(exchange, out _);
        exchange.Close();
    }
}

/// <summary>A connection to a scripted node, with the request that came last.</summary>
/// <param name="socket">The connection.</param>
internal sealed class NodeExchange(Socket socket)
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private string _arrived = "";

    public string Head { get; private set; } = "";

    public string Body { get; private set; } = "";

    public bool IsProbe => Head.StartsWith("GET ", StringComparison.Ordinal);

    private int BodyLength => Head.Split("\r\n").Where(l => l.StartsWith("Content-Length: ", StringComparison.Ordinal)).Select(l => int.Parse(l[16..], System.Globalization.CultureInfo.InvariantCulture)).SingleOrDefault();

    /// <summary>Reads the next request.</summary>
    public async Task<bool> ReadRequestAsync(bool body)
    {
        int end;
        while ((end = _arrived.IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
            if (!await ReceiveAsync()) return false;
        (Head, _arrived) = (_arrived[..end], _arrived[(end + 4)..]);
        if (!body) return true;
        while (_arrived.Length < BodyLength)
            if (!await ReceiveAsync()) return false;
        (Body, _arrived) = (_arrived[..BodyLength], _arrived[BodyLength..]);
        return true;
    }

    /// <summary>Reads the body of a request of which only the head was read, and forgets it.</summary>
    /// <returns>Bytes that did not come.</returns>
    public async Task<int> SkipBodyAsync()
    {
        var left = BodyLength - _arrived.Length;
        _arrived = "";
        while (left > 0 && await socket.ReceiveAsync(_buffer.AsMemory()) is var bytes and > 0) left -= bytes;
        return left;
    }

    public Task WriteAsync(string text) => WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes) => await socket.SendAsync(bytes);

    /// <summary>Writes and closes in one segment: both are there at once.</summary>
    public async Task WriteAndCloseAsync(string text)
    {
        const int Tcp = 6, Cork = 3;
        socket.NoDelay = false;
        socket.SetRawSocketOption(Tcp, Cork, [1, 0, 0, 0]);
        await WriteAsync(text);
        socket.Dispose();
    }

    /// <summary>Ends once the other side cut the connection; says when that was, as a timestamp.</summary>
    public async Task<long> CutAsync()
    {
        try
        {
            while (await ReceiveAsync())
            {
                // What comes is nothing to us.
            }
        }
        catch (SocketException)
        {
            // Cut, too.
        }
        return System.Diagnostics.Stopwatch.GetTimestamp();
    }

    public void Close() => socket.Dispose();

    /// <summary>Says that nothing more comes.</summary>
    public void FinishWriting() => socket.Shutdown(SocketShutdown.Send);

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    private async Task<bool> ReceiveAsync()
    {
        var bytes = await socket.ReceiveAsync(_buffer.AsMemory());
        _arrived += Encoding.Latin1.GetString(_buffer, 0, bytes);
        return bytes > 0;
    }
}
