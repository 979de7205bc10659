using System.Net.Sockets;
using System.Text;
using Hypervize.Proxy.Tests.Inference;

namespace Hypervize.Proxy.Tests;

/// <summary>A client made of a bare socket: sees every byte, when it comes, and how the connection ends.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>All that came so far.</summary>
    public string Seen { get; private set; } = "";

    public static async Task<RawClient> ConnectAsync(InferenceHost host, int? receiveBuffer = null)
    {
        var client = new RawClient();
        if (receiveBuffer is { } bytes) client._socket.ReceiveBufferSize = bytes;
        await client._socket.ConnectAsync("127.0.0.1", host.Client.BaseAddress!.Port);
        return client;
    }

    /// <summary>Connects and sends an inference request.</summary>
    public static async Task<RawClient> SendAsync(InferenceHost host, string body, int? receiveBuffer = null)
    {
        var client = await ConnectAsync(host, receiveBuffer);
        await client.WriteAsync($"{Head(body.Length)}{body}");
        return client;
    }

    /// <summary>The head of an inference request.</summary>
    public static string Head(int length, string query = "", string headers = "") =>
        $"POST /api/d/{InferenceHost.Id}/v1/chat/completions{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {InferenceHost.Key}\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n";

    public async Task WriteAsync(string text) => await _socket.SendAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Reads what comes next.</summary>
    /// <returns>Bytes that came; 0 when the connection ended, −1 when it was reset.</returns>
    public async Task<int> ReadAsync(int most = 64 * 1024)
    {
        try
        {
            var bytes = await _socket.ReceiveAsync(_buffer.AsMemory(0, Math.Min(most, _buffer.Length))).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            Seen += Encoding.UTF8.GetString(_buffer, 0, bytes);
            return bytes;
        }
        catch (SocketException)
        {
            return -1;
        }
    }

    /// <summary>What came since the last time.</summary>
    public string Take()
    {
        var seen = Seen;
        Seen = "";
        return seen;
    }

    /// <summary>Reads until something has come.</summary>
    public async Task UntilAsync(string text)
    {
        while (!Seen.Contains(text, StringComparison.Ordinal)) Assert.True(await ReadAsync() > 0, $"The connection ended after: {Seen}");
    }

    /// <summary>Reads until the end of a chunked answer, or of the connection.</summary>
    public async Task<string> ToEndAsync()
    {
        while (!Seen.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal) && await ReadAsync() > 0)
        {
            // More comes.
        }
        return Seen;
    }

    /// <summary>Leaves without a word; says when that was, as a timestamp.</summary>
    public long Leave()
    {
        _socket.LingerState = new LingerOption(true, 0);
        var left = System.Diagnostics.Stopwatch.GetTimestamp(); // Before: the other side may see it first.
        _socket.Dispose();
        return left;
    }

    public void Dispose() => _socket.Dispose();
}
