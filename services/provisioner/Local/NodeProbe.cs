using System.Text.Json;

namespace Hypervize.Provisioner.Local;

/// <summary>How a node is asked.</summary>
/// <param name="Readiness">Path that answers 200 when it is ready.</param>
/// <param name="Metrics">Path of its metrics.</param>
/// <param name="RequestMetrics">Names of the metrics that add up to its requests; empty when it has none.</param>
public sealed record ProbePaths(string Readiness, string Metrics, IReadOnlyList<string> RequestMetrics)
{
    /// <summary>Names of the metrics that add up to the requests in its own queue. A node that was started before they were noted has those that are known.</summary>
    public IReadOnlyList<string> WaitingMetrics { get; init; } = RuntimeProfile.Names(RuntimeProfile.KnownWaits);

    /// <summary>Names of the metrics that tell the share of its KV cache in use; the first that it has counts. As for those before.</summary>
    public IReadOnlyList<string> CacheMetrics { get; init; } = RuntimeProfile.Names(RuntimeProfile.KnownCaches);
}

/// <summary>What a healthy node answered.</summary>
/// <param name="NodeId">The node it says it is; null when it does not say.</param>
/// <param name="ReadyAt">When it says it became ready; null when it does not say.</param>
public sealed record Healthy(string? NodeId, DateTimeOffset? ReadyAt);

/// <summary>Asks nodes how they are.</summary>
public sealed class NodeProbe : IDisposable
{
    private const int LongestBody = 4 * 1024;
    private const int LongestMetrics = 4 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // No propagator: a probe is no part of any trace, and several a second would drown them.
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ConnectTimeout = Patience, ActivityHeadersPropagator = null,
    }) { Timeout = Patience, MaxResponseContentBufferSize = LongestMetrics };

    /// <summary>Asks whether a node is ready.</summary>
    /// <param name="port">Its port.</param>
    /// <param name="paths">How to ask.</param>
    /// <param name="cancel">Stops asking.</param>
    /// <returns>Null when it is not, or does not answer in time.</returns>
    public async Task<Healthy?> HealthAsync(int port, ProbePaths paths, CancellationToken cancel)
    {
        try
        {
            using var response = await _client.GetAsync(Local(port, paths.Readiness), HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!response.IsSuccessStatusCode) return null;
            var id = response.Headers.TryGetValues("x-node-id", out var ids) ? ids.First() : null;
            var isShortJson = response.Content.Headers.ContentType?.MediaType == "application/json" && response.Content.Headers.ContentLength is > 0 and < LongestBody;
            return new(id, isShortJson ? ReadyAt(await response.Content.ReadAsByteArrayAsync(cancel)) : null);
        }
        catch (Exception e) when (IsNoAnswer(e, cancel))
        {
            return null;
        }
    }

    /// <summary>Asks how many requests a node has, running and waiting.</summary>
    /// <param name="port">Its port.</param>
    /// <param name="paths">How to ask.</param>
    /// <param name="cancel">Stops asking.</param>
    /// <returns>Null when it does not tell.</returns>
    public async Task<int?> RequestsAsync(int port, ProbePaths paths, CancellationToken cancel) =>
        await MetricsAsync(port, paths, cancel) is { } text ? new RuntimeMetrics(text, paths.RequestMetrics).Sum(paths.RequestMetrics) : null;

    /// <summary>Asks how busy a node is.</summary>
    /// <param name="port">Its port.</param>
    /// <param name="paths">How to ask.</param>
    /// <param name="cancel">Stops asking.</param>
    /// <returns>Null when it does not tell.</returns>
    public async Task<RuntimeGauges?> GaugesAsync(int port, ProbePaths paths, CancellationToken cancel) =>
        await MetricsAsync(port, paths, cancel) is { } text ? RuntimeGauges.Of(text, paths) : null;

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    internal static DateTimeOffset? ReadyAt(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            return JsonElement.ParseValue(ref reader) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("ready_at", out var at) && at.TryGetDateTimeOffset(out var readyAt) ? readyAt : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private async Task<string?> MetricsAsync(int port, ProbePaths paths, CancellationToken cancel)
    {
        try
        {
            return await _client.GetStringAsync(Local(port, paths.Metrics), cancel);
        }
        catch (Exception e) when (IsNoAnswer(e, cancel) || e is UriFormatException or InvalidOperationException) // A path that is none; a charset that there isn't.
        {
            return null;
        }
    }

    private static Uri Local(int port, string path) => new($"http://127.0.0.1:{port}{path}");

    private static bool IsNoAnswer(Exception e, CancellationToken cancel) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested);
}
