using System.Net;
using System.Text;

namespace Hypervize.Proxy.Forwarding;

/// <summary>What came of sending a request to a node.</summary>
public enum Forwarded
{
    /// <summary>The node answered, and the client has the answer.</summary>
    Answered,

    /// <summary>The node answered with an error of its own (500 or more), which the client has.</summary>
    AnsweredWithError,

    /// <summary>No connection was made: nothing was sent, and another node may be tried.</summary>
    NotSent,

    /// <summary>The node failed before it answered; the client has nothing yet.</summary>
    NodeFailed,

    /// <summary>The node's answer broke off after it had begun.</summary>
    Broken,

    /// <summary>The client went away; the node was told.</summary>
    ClientGone,
}

/// <summary>
/// Sends requests to nodes and passes their answers on as they come. Our own rather than YARP's forwarder, which can't continue a
/// response that heartbeats have begun (docs/decisions/0009).
/// </summary>
public sealed class NodeForwarder : IDisposable
{
    private const int BufferBytes = 16 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    // What is between two hops, what says who calls, and what the way sets anew.
    private static readonly HashSet<string> NotPassedOn = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Authorization", "x-api-key", "Cookie", "Prefer", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP",
        "Host", "Content-Length", "Content-Type", "Expect", "Accept-Encoding", "traceparent", "tracestate", "baggage", "x-request-id",
    };

    private static readonly HashSet<string> NotPassedBack = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Trailer", "Transfer-Encoding", "Upgrade", "Set-Cookie", "Server", "Date", "x-request-id",
    };

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseCookies = false, UseProxy = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = ConnectTimeout,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60), EnableMultipleHttp2Connections = false,
        // What a header holds beyond ASCII is nobody's business here: every byte goes through as it came.
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1, ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    });

    /// <summary>Sends a request to a node and its answer to the client.</summary>
    /// <param name="http">The request.</param>
    /// <param name="address">Base URL of the node.</param>
    /// <param name="path">Path below <c>/v1/</c>.</param>
    /// <param name="content">The body.</param>
    public async Task<Forwarded> SendAsync(HttpContext http, string address, string path, HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{address}/v1/{path}{http.Request.QueryString}") { Content = content };
        foreach (var (name, values) in http.Request.Headers)
            if (!NotPassedOn.Contains(name)) request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        request.Headers.TryAddWithoutValidation("x-request-id", http.TraceIdentifier);

        HttpResponseMessage answer;
        try
        {
            answer = await _client.SendAsync(request, http.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            if (http.RequestAborted.IsCancellationRequested) return Forwarded.ClientGone;
            var neverConnected = e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError }
                or OperationCanceledException { InnerException: TimeoutException };
            return neverConnected ? Forwarded.NotSent : Forwarded.NodeFailed;
        }
        using (answer) return await PassBackAsync(http, answer);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static async Task<Forwarded> PassBackAsync(HttpContext http, HttpResponseMessage answer)
    {
        // A response that heartbeats began is a stream by now: an answer that is no stream can only end it as an error.
        if (http.Response.HasStarted && !answer.IsSuccessStatusCode)
        {
            await http.Response.WriteAsync($"data: {(await answer.Content.ReadAsStringAsync(http.RequestAborted)).ReplaceLineEndings(" ")}\n\n", http.RequestAborted);
            return Forwarded.AnsweredWithError;
        }
        if (!http.Response.HasStarted)
        {
            http.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
                if (!NotPassedBack.Contains(name)) http.Response.Headers[name] = values.ToArray();
        }

        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(http.RequestAborted);
            while (true)
            {
                int read;
                try
                {
                    read = await body.ReadAsync(buffer, http.RequestAborted);
                }
                catch (Exception e) when (e is IOException or HttpRequestException && !http.RequestAborted.IsCancellationRequested)
                {
                    return Forwarded.Broken;
                }
                if (read == 0) break;
                await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }
            return (int)answer.StatusCode < 500 ? Forwarded.Answered : Forwarded.AnsweredWithError;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return Forwarded.ClientGone;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
