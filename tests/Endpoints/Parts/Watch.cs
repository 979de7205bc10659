using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace Hypervize.Endpoints.Tests;

/// <summary>A stream of endpoints, as a client reads it.</summary>
internal sealed class Watch : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly HttpResponseMessage _answer;
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private Watch(HttpResponseMessage answer, Stream stream) => (_answer, _events) = (answer, SseParser.Create(stream).EnumerateAsync().GetAsyncEnumerator());

    public static async Task<Watch> StartAsync(HttpClient client, string query = "")
    {
        var answer = await AskAsync(client, query);
        Assert.Equal("text/event-stream", answer.EnsureSuccessStatusCode().Content.Headers.ContentType?.MediaType);
        return new(answer, await answer.Content.ReadAsStreamAsync());
    }

    /// <summary>Asks for a stream, whatever the answer.</summary>
    public static Task<HttpResponseMessage> AskAsync(HttpClient client, string query = "") =>
        client.SendAsync(new(HttpMethod.Get, $"/v1/endpoints{query}") { Headers = { { "Accept", "text/event-stream" } } }, HttpCompletionOption.ResponseHeadersRead);

    /// <summary>The next event; null at the end.</summary>
    public async Task<(string Type, JsonObject Data)?> NextAsync() =>
        await _events.MoveNextAsync().AsTask().WaitAsync(Patience) ? (_events.Current.EventType, JsonNode.Parse(_events.Current.Data)!.AsObject()) : null;

    /// <summary>Endpoints that there were at first.</summary>
    public async Task<IReadOnlyList<JsonObject>> ReadyAsync()
    {
        var endpoints = new List<JsonObject>();
        while (await NextAsync() is var (type, data))
        {
            if (type == "ready") return endpoints;
            Assert.Equal("endpoint", type);
            endpoints.Add(data);
        }
        throw new InvalidOperationException("The stream ended before it was ready.");
    }

    /// <summary>Reads on until an endpoint is as it should be; every event on the way must be one that is allowed.</summary>
    public async Task<JsonObject> UntilAsync(string type, Func<JsonObject, bool> holds, Action<JsonObject>? each = null)
    {
        while (await NextAsync() is var (happened, data))
        {
            each?.Invoke(data);
            if (happened == type && holds(data)) return data;
        }
        throw new InvalidOperationException("The stream ended too early.");
    }

    public async ValueTask DisposeAsync()
    {
        // First the connection: whoever reads is woken by that.
        _answer.Dispose();
        try
        {
            await _events.DisposeAsync();
        }
        catch (NotSupportedException)
        {
            // Somebody reads still.
        }
    }
}
