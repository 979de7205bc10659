using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Hypervize.EndToEnd.Tests;

/// <summary>A failed request and when it was under way.</summary>
internal sealed record FailedRequest(DateTimeOffset From, DateTimeOffset To, string Why);

/// <summary>Clients that call an endpoint without a pause, every other one streaming, until told to stop.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<FailedRequest> _failures = new();
    private readonly HttpClient _http;
    private readonly string _path;
    private readonly Task _clients;
    private int _answers;

    public Traffic(string url, string key, string endpointId, int clients)
    {
        _http = new HttpClient { BaseAddress = new(url), Timeout = TimeSpan.FromMinutes(2) };
        _http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        _path = $"/api/d/{endpointId}/v1/chat/completions";
        _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(i => Task.Run(() => CallAsync(stream: i % 2 == 0))));
    }

    public IReadOnlyCollection<FailedRequest> Failures => _failures;

    public int Answers => _answers;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _clients;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task CallAsync(bool stream)
    {
        while (!_stop.IsCancellationRequested)
        {
            var from = DateTimeOffset.UtcNow;
            if (await TryAsync(stream) is { } why)
            {
                _failures.Enqueue(new(from, DateTimeOffset.UtcNow, why));
                await Task.Delay(50);
            }
            else Interlocked.Increment(ref _answers);
        }
    }

    // Null when the whole answer came.
    private async Task<string?> TryAsync(bool stream)
    {
        try
        {
            using var answer = await _http.PostAsJsonAsync(_path, new JsonObject
            {
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hello" }), ["max_tokens"] = 20, ["stream"] = stream,
            });
            var body = await answer.Content.ReadAsStringAsync();
            if (!answer.IsSuccessStatusCode) return $"{(int)answer.StatusCode} {body}";
            return !stream || body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) ? null : $"broken stream: …{body[Math.Max(0, body.Length - 200)..]}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return e.Message;
        }
    }
}
