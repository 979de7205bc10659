using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hypervize.Contracts;
using Hypervize.Dashboard.Platform;
using Hypervize.Hosting;

namespace Hypervize.Dashboard.Tests;

/// <summary>The platform's public API as a component sees it: answers are given by path, what was asked is kept, and the stream of endpoints is told by the test.</summary>
public sealed class FakePlatform : HttpMessageHandler, IHttpClientFactory
{
    private readonly ConcurrentDictionary<string, Func<JsonNode?, (int Status, object? Body)>> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Call, JsonNode? Body)> _asked = new();
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, EndpointResource> _endpoints = new(StringComparer.Ordinal);

    public FakePlatform()
    {
        Answer("GET v1/traffic", new TrafficResource(Some.Now, 30, []));
        Answer("GET v1/billing/burn", new BurnResource(Some.AccountId, "USD", 0, []));
        Answer("GET v1/billing/cap", new CapResource(Some.AccountId, "USD", null, "2026-11", 0, false));
    }

    public PlatformAccess Access => new(this);

    /// <summary>Whether the stream of endpoints can be had.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>The versions that changes rested on, such as <c>"4"</c>.</summary>
    public ConcurrentQueue<string> RestedOn { get; } = new();

    /// <summary>All calls so far, such as <c>POST v1/endpoints</c>, with their bodies.</summary>
    public IReadOnlyList<(string Call, JsonNode? Body)> Asked => [.. _asked];

    /// <summary>Idempotency keys of all calls that had one, in order.</summary>
    public ConcurrentQueue<string> IdempotencyKeys { get; } = new();

    /// <summary>Waited for before a call is answered: holds answers back.</summary>
    public Func<string, JsonNode?, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What a call is answered with; a query need not be given.</summary>
    public void Answer(string call, object? body, int status = 200) => _answers[call] = _ => (status, body);

    /// <summary>What a call is answered with, by its body.</summary>
    public void Answer(string call, Func<JsonNode?, (int Status, object? Body)> answer) => _answers[call] = answer;

    /// <summary>A call is refused.</summary>
    public void Refuse(string call, int status, string code, string detail, params (string Field, string Message)[] errors) => Answer(
        call, new { code, detail, errors = errors.Length == 0 ? null : errors.ToDictionary(e => e.Field, e => new[] { e.Message }) }, status);

    /// <summary>The account has this endpoint, as it is now; open pages are told.</summary>
    public void Has(EndpointResource it)
    {
        _endpoints[it.Id] = it;
        Answer($"GET v1/endpoints/{it.Id}", it);
        _events.Writer.TryWrite($"event: endpoint\ndata: {JsonSerializer.Serialize(it, Json.Options)}\n\n");
    }

    /// <summary>The endpoint is deleted; open pages are told.</summary>
    public void HasNoLonger(string endpointId)
    {
        _endpoints.TryRemove(endpointId, out _);
        _events.Writer.TryWrite($"event: deleted\ndata: {{\"id\":\"{endpointId}\"}}\n\n");
    }

    public HttpClient CreateClient(string name) => new(this, disposeHandler: false) { BaseAddress = new("http://platform.test/") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : JsonNode.Parse(await request.Content.ReadAsStringAsync(cancellationToken));
        var (whole, path) = ($"{request.Method} {request.RequestUri!.PathAndQuery.TrimStart('/')}", $"{request.Method} {request.RequestUri.AbsolutePath.TrimStart('/')}");
        _asked.Enqueue((whole, body));
        if (request.Headers.TryGetValues("Idempotency-Key", out var keys)) IdempotencyKeys.Enqueue(keys.Single());
        foreach (var tag in request.Headers.IfMatch) RestedOn.Enqueue(tag.Tag);
        await Before(whole, body);
        if (path == "GET v1/endpoints" && request.Headers.Accept.Any(a => a.MediaType == "text/event-stream"))
            return IsUp ? new(HttpStatusCode.OK) { Content = new StreamContent(new Told(Listed(), _events.Reader)) { Headers = { ContentType = new("text/event-stream") } } } : new(HttpStatusCode.ServiceUnavailable);
        var (status, answer) = _answers.TryGetValue(whole, out var exact) ? exact(body) : _answers.TryGetValue(path, out var found) ? found(body)
            : (404, new { code = "not_found", detail = $"The test says nothing of {whole}." });
        return new((HttpStatusCode)status) { Content = new StringContent(answer is null ? "" : JsonSerializer.Serialize(answer, Json.Options), Encoding.UTF8, "application/json") };
    }

    private string Listed()
    {
        while (_events.Reader.TryRead(out _)) { }
        return string.Concat(_endpoints.Values.Select(it => $"event: endpoint\ndata: {JsonSerializer.Serialize(it, Json.Options)}\n\n")) + "event: ready\ndata: {}\n\n";
    }

    private sealed class Told(string first, ChannelReader<string> then) : Stream
    {
        private ReadOnlyMemory<byte> _left = Encoding.UTF8.GetBytes(first);

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left.IsEmpty) _left = Encoding.UTF8.GetBytes(await then.ReadAsync(cancellationToken));
            var count = Math.Min(buffer.Length, _left.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Flush() { }
    }
}
