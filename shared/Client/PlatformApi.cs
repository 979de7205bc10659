using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hypervize.Client;

/// <summary>Calls the platform's public API with a key.</summary>
/// <param name="http">Goes to the platform's origin.</param>
/// <param name="key">API key.</param>
public sealed class PlatformApi(HttpClient http, string key)
{
    // Streams say something every 15 seconds.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(40);
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <summary>Reads a route.</summary>
    /// <typeparam name="T">What it answers with.</typeparam>
    /// <param name="path">Path, without a slash in front.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="RefusedException">The platform refused, or could not be reached.</exception>
    public Task<T> GetAsync<T>(string path, CancellationToken cancel) => CallAsync<T>(HttpMethod.Get, path, null, cancel);

    /// <summary>Calls a route that answers with something.</summary>
    /// <typeparam name="T">What it answers with.</typeparam>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path, without a slash in front.</param>
    /// <param name="body">Body; null for none.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="version">The version of the endpoint that this rests on: refused as <c>stale_version</c> when it has another by now. Null where the last one wins.</param>
    /// <exception cref="RefusedException">The platform refused, or could not be reached.</exception>
    public async Task<T> CallAsync<T>(HttpMethod method, string path, JsonNode? body, CancellationToken cancel, long? version = null)
    {
        using var answer = await SendAsync(method, path, body, "application/json", HttpCompletionOption.ResponseContentRead, cancel, version: version);
        try
        {
            return await answer.Content.ReadFromJsonAsync<T>(Web, cancel) ?? throw new JsonException("It is empty.");
        }
        catch (JsonException e)
        {
            throw new RefusedException($"The platform's answer to {path} could not be read: {e.Message}");
        }
    }

    /// <summary>Calls a route whose answer does not matter.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path, without a slash in front.</param>
    /// <param name="body">Body; null for none.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="RefusedException">The platform refused, or could not be reached.</exception>
    public async Task CallAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancel)
    {
        using var answer = await SendAsync(method, path, body, "application/json", HttpCompletionOption.ResponseContentRead, cancel);
    }

    /// <summary>Reads a stream of events, until it ends or <paramref name="cancel"/> is cancelled.</summary>
    /// <param name="path">Path, without a slash in front.</param>
    /// <param name="after">Id of the last event that was read; null to begin anew.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="RefusedException">The platform refused, could not be reached, or the stream broke.</exception>
    public async IAsyncEnumerable<SseItem<string>> EventsAsync(string path, string? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, "text/event-stream", HttpCompletionOption.ResponseHeadersRead, cancel, after);
        await using var stream = new WatchedStream(await answer.Content.ReadAsStreamAsync(cancel), Silence);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancel)) yield return item;
    }

    /// <summary>A refusal, read from an answer in the shape of problem details or of OpenAI's errors.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="body">The answer's body.</param>
    public static RefusedException Refusal(int status, string body)
    {
        try
        {
            var problem = JsonNode.Parse(body)!;
            if (problem["error"] is { } error) return Refusal(status, (string?)error["code"], (string?)error["message"], []);
            return Refusal(status, (string?)problem["code"], (string?)problem["detail"], problem["errors"] is not JsonObject errors ? [] : errors.ToDictionary(
                e => e.Key, e => (IReadOnlyList<string>)[.. e.Value!.AsArray().Select(m => (string)m!)]));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new($"The platform answered with HTTP {status}.") { Status = status };
        }
    }

    private static RefusedException Refusal(int status, string? code, string? detail, Dictionary<string, IReadOnlyList<string>> errors)
    {
        detail ??= $"The platform answered with HTTP {status}.";
        var fields = string.Concat(errors.Select(e => $"\n  {e.Key}: {string.Join("; ", e.Value)}"));
        return new($"{detail}{(code is null ? "" : $" ({code})")}{fields}") { Status = status, Code = code, Detail = detail, Errors = errors };
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonNode? body, string accept, HttpCompletionOption completion, CancellationToken cancel, string? after = null, long? version = null)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : JsonContent.Create(body),
            Headers = { Accept = { new(accept) }, Authorization = new AuthenticationHeaderValue("Bearer", key) },
        };
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        if (version is { } known) request.Headers.IfMatch.Add(new($"\"{known}\""));
        try
        {
            var answer = await http.SendAsync(request, completion, cancel);
            if (answer.IsSuccessStatusCode) return answer;
            using (answer) throw Refusal((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel));
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new RefusedException($"{http.BaseAddress} can't be reached: {e.Message}");
        }
    }
}
