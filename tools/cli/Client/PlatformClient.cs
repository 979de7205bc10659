using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;
using Hypervize.Client;

namespace Hypervize.Cli.Client;

/// <summary>A streamed completion as it was received.</summary>
/// <param name="FirstToken">From sending to the first token.</param>
/// <param name="Tokens">Tokens, by the node's own count.</param>
/// <param name="Text">The text.</param>
public sealed record Completion(TimeSpan FirstToken, int Tokens, string Text);

/// <summary>Calls the platform's public API with a key.</summary>
/// <param name="url">Origin of the platform.</param>
/// <param name="key">API key.</param>
public sealed class PlatformClient(string url, string key) : IDisposable
{
    private static readonly Option<string?> Url = new("--url") { Description = "Origin of the platform; else HYPERVIZE_URL, else this checkout's own.", Recursive = true };
    private static readonly Option<string?> Key = new("--key") { Description = "API key; else HYPERVIZE_KEY, else the operator's key of this checkout.", Recursive = true };

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new(url), Timeout = TimeSpan.FromMinutes(11) };

    /// <summary>Adds the options that say which platform is meant.</summary>
    /// <param name="command">A command whose subcommands call the platform.</param>
    public static Command AddTo(Command command)
    {
        command.Add(Url);
        command.Add(Key);
        InstanceOption.Shared.Recursive = true;
        command.Add(InstanceOption.Shared);
        return command;
    }

    /// <summary>The platform that a command means.</summary>
    /// <param name="parsed">The command line.</param>
    /// <exception cref="RefusedException">None is named, and this checkout's own does not run.</exception>
    public static PlatformClient Of(ParseResult parsed)
    {
        var url = parsed.GetValue(Url) ?? Environment.GetEnvironmentVariable("HYPERVIZE_URL");
        var key = parsed.GetValue(Key) ?? Environment.GetEnvironmentVariable("HYPERVIZE_KEY");
        if (url is not null && (!Uri.TryCreate(url, UriKind.Absolute, out var origin) || origin.Scheme is not ("http" or "https")))
            throw new RefusedException($"'{url}' is no origin of a platform. Give one such as http://localhost:8080.");
        if (url is not null && key is not null) return new(url, key);
        if (url is not null) throw new RefusedException("Give the API key: --key, or HYPERVIZE_KEY.");
        var installation = Installation.Of(InstanceOption.FolderOf(parsed));
        if (!installation.Runs) throw new RefusedException("Hypervize is not running here. Start it with ./hypervize up, or name another one with --url and --key.");
        return new(installation.Wiring.PublicUrl, key ?? installation.Wiring.OperatorKey);
    }

    /// <summary>Whether a key with a prefix is the one that is used here.</summary>
    /// <param name="prefix">The key's first characters.</param>
    public bool IsOwn(string prefix) => key.StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>Calls a route.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="body">Body; null for none.</param>
    /// <returns>The answer; null when it has no body.</returns>
    /// <exception cref="RefusedException">The platform refused, or could not be reached.</exception>
    public async Task<JsonNode?> CallAsync(HttpMethod method, string path, CancellationToken cancel, JsonNode? body = null) =>
        await Api.CallAsync(method, path, body, cancel) is { Length: > 0 } text ? JsonNode.Parse(text) : null;

    /// <summary>Reads a route that answers with text.</summary>
    /// <param name="path">Path.</param>
    /// <param name="cancel">Stops.</param>
    public Task<string> TextAsync(string path, CancellationToken cancel) => Api.CallAsync(HttpMethod.Get, path, null, cancel, "text/plain");

    /// <summary>Reads the events of a route that streams them, until the stream ends.</summary>
    /// <param name="path">Path.</param>
    /// <param name="lastEventId">The last event that was heard, to go on after it; null to begin.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="RefusedException">The platform refused, or could not be reached, or the stream broke.</exception>
    public IAsyncEnumerable<ServerEvent> EventsAsync(string path, string? lastEventId, CancellationToken cancel) => Api.EventsAsync(path, lastEventId, cancel);

    /// <summary>The id of an endpoint that a person named by id or by name.</summary>
    /// <param name="named">What they wrote.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<string> EndpointIdAsync(string named, CancellationToken cancel)
    {
        if (named.StartsWith("endpt-", StringComparison.Ordinal)) return named;
        var found = (await CallAsync(HttpMethod.Get, $"v1/endpoints?limit=200&name={Uri.EscapeDataString(named)}", cancel))!["endpoints"]!.AsArray()
            .Where(e => (string?)e!["name"] == named).Select(e => (string)e!["id"]!).ToList();
        return found switch
        {
            [var only] => only,
            [] => throw new RefusedException($"There is no endpoint named {named}. `endpoints list` shows what there is."),
            _ => throw new RefusedException($"Several endpoints are named {named}: {string.Join(", ", found)}. Name one by its id."),
        };
    }

    /// <summary>Streams a chat completion.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="prompt">What the user says.</param>
    /// <param name="maxTokens">Most tokens.</param>
    /// <param name="onText">Told each piece of text.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Completion> ChatAsync(string endpointId, string prompt, int maxTokens, Action<string> onText, CancellationToken cancel)
    {
        var body = new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt }), ["max_tokens"] = maxTokens, ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
        };
        var sent = Stopwatch.GetTimestamp();
        using var answer = await Api.OpenAsync(HttpMethod.Post, $"api/d/{endpointId}/v1/chat/completions", body, cancel);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
        var (first, tokens, text) = (TimeSpan.Zero, 0, new System.Text.StringBuilder());
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal) || line == "data: [DONE]") continue;
            var chunk = JsonNode.Parse(line["data: ".Length..])!;
            if (chunk["error"] is { } error) throw new RefusedException((string)error["message"]!);
            tokens = (int?)chunk["usage"]?["completion_tokens"] ?? tokens;
            if (chunk["choices"] is not JsonArray { Count: > 0 } choices || (string?)choices[0]!["delta"]?["content"] is not { Length: > 0 } piece) continue;
            if (first == TimeSpan.Zero) first = Stopwatch.GetElapsedTime(sent);
            text.Append(piece);
            onText(piece);
        }
        return new(first, tokens, text.ToString());
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private PlatformApi Api => new(_http, key);
}
