using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hypervize.Client;

/// <summary>Calls the platform's public API with a key.</summary>
/// <param name="http">Goes to the platform's origin.</param>
/// <param name="key">API key.</param>
/// <param name="name">How the platform is called where its address would tell nobody anything; null for its address.</param>
public sealed class PlatformApi(HttpClient http, string key, string? name = null)
{
    private const string Json = "application/json";
    private const string Events = "text/event-stream";

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
    /// <param name="idempotencyKey">The same for calls that are to be done once, however often they are sent; null where that does not matter.</param>
    /// <param name="version">The version of the endpoint that this rests on: refused as <c>stale_version</c> when it has another by now. Null where the last one wins.</param>
    /// <exception cref="RefusedException">The platform refused, or could not be reached.</exception>
    public async Task<T> CallAsync<T>(HttpMethod method, string path, JsonNode? body, CancellationToken cancel, string? idempotencyKey = null, long? version = null)
    {
        using var answer = await OpenAsync(method, path, body, cancel, headers: [("Idempotency-Key", idempotencyKey), ("If-Match", version is { } known ? $"\"{known}\"" : null)]);
        return await TextAsync(answer, cancel) is { Length: > 0 } text && Read<T>(text) is { } read ? read : throw new RefusedException($"The platform's answer to {path} could not be read.");
    }

    /// <summary>Calls a route.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path, without a slash in front.</param>
    /// <param name="body">Body; null for none.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="accept">Media type that is asked for.</param>
    /// <returns>The answer as text; empty when it has no body.</returns>
    /// <exception cref="RefusedException">The platform refused, or could not be reached.</exception>
    public async Task<string> CallAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancel, string accept = Json)
    {
        using var answer = await OpenAsync(method, path, body, cancel, accept);
        return await TextAsync(answer, cancel);
    }

    /// <summary>Reads a stream of events, until it ends or <paramref name="cancel"/> is cancelled.</summary>
    /// <param name="path">Path, without a slash in front.</param>
    /// <param name="after">Id of the last event that was heard, to go on after it; null to begin.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="RefusedException">The platform refused, could not be reached, or the stream broke.</exception>
    public async IAsyncEnumerable<ServerEvent> EventsAsync(string path, string? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var answer = await OpenAsync(HttpMethod.Get, path, null, cancel, Events, ("Last-Event-ID", after));
        if (answer.Content.Headers.ContentType?.MediaType != Events) throw new RefusedException("This platform is too old to be followed.");
        await using var stream = new WatchedStream(await answer.Content.ReadAsStreamAsync(cancel), Silence);
        await foreach (var e in ServerEvents.ReadAsync(stream, cancel)) yield return e;
    }

    /// <summary>Calls a route whose answer may go on for long.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path, without a slash in front.</param>
    /// <param name="body">Body; null for none.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="accept">Media type that is asked for.</param>
    /// <param name="headers">Headers beside, by name; those that are null are left out.</param>
    /// <returns>The answer, once its headers are there; the caller disposes of it.</returns>
    /// <exception cref="RefusedException">The platform refused, or could not be reached.</exception>
    public async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancel, string accept = Json, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : JsonContent.Create(body),
            Headers = { Accept = { new(accept) }, Authorization = new AuthenticationHeaderValue("Bearer", key) },
        };
        foreach (var (name, value) in headers)
            if (value is not null) request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (answer.IsSuccessStatusCode) return answer;
            using (answer) throw Refusal((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel));
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw Unreachable(e);
        }
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
            return Refusal(status, null, null, []);
        }
    }

    private static RefusedException Refusal(int status, string? code, string? detail, Dictionary<string, IReadOnlyList<string>> errors)
    {
        detail ??= $"The platform answered with HTTP {status}.";
        var fields = string.Concat(errors.Select(e => $"\n  {e.Key}: {string.Join("; ", e.Value)}"));
        var whole = code == "invalid_request" && fields.Length > 0 ? "Some fields are wrong:" : $"{detail}{(code is null ? "" : $" ({code})")}";
        return new($"{whole}{fields}") { Status = status, Code = code, Detail = detail, Errors = errors, MayPass = status is 429 or >= 500 };
    }

    private RefusedException Unreachable(Exception e) => new(name is null ? $"{http.BaseAddress} can't be reached: {e.Message}" : $"{name} can't be reached just now.") { MayPass = true };

    private async Task<string> TextAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            return await answer.Content.ReadAsStringAsync(cancel);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(e);
        }
    }

    private static T? Read<T>(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Web);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
