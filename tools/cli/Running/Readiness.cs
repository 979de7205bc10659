using System.Diagnostics;
using System.Text.Json;
using Hypervize.Cli.Platform;

namespace Hypervize.Cli.Running;

/// <summary>What a service says of itself at <c>/health/ready</c>.</summary>
/// <param name="IsReady">Whether it can do its work.</param>
/// <param name="Answer">The whole answer as JSON; null when there was none.</param>
public sealed record Readiness(bool IsReady, string? Answer)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>What is not up, as the service tells; empty when it tells nothing.</summary>
    public string Complaint
    {
        get
        {
            if (Answer is null) return "";
            try
            {
                using var document = JsonDocument.Parse(Answer);
                return string.Join("; ", document.RootElement.GetProperty("checks").EnumerateObject()
                    .Where(c => c.Value.GetProperty("status").GetString() != "up")
                    .Select(c => c.Value.TryGetProperty("detail", out var detail) ? $"{c.Name}: {detail}" : c.Name));
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                return Answer;
            }
        }
    }

    /// <summary>Asks once.</summary>
    /// <param name="url">Base address of the service.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<Readiness> AskAsync(string url, CancellationToken cancel)
    {
        try
        {
            using var answer = await Client.GetAsync(new Uri($"{url}/health/ready"), cancel);
            return new(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(cancel));
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new(false, null);
        }
    }

    /// <summary>Waits until a service is ready; says why when it does not become so.</summary>
    /// <param name="service">The service.</param>
    /// <param name="url">Its base address.</param>
    /// <param name="process">Its process.</param>
    /// <param name="log">Its log.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task WaitAsync(string service, string url, DetachedProcess process, string log, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var readiness = await AskAsync(url, cancel);
            if (readiness.IsReady) return;
            if (!process.IsAlive) throw new PlatformException($"{service} ended while it started. Its log, {log}, ends:\n{LogTail.Of(log)}");
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new PlatformException($"{service} was not ready after {Patience.TotalSeconds:0} s. It says: {readiness.Answer ?? "nothing"}. Its log, {log}, ends:\n{LogTail.Of(log)}");
            await Task.Delay(Interval, cancel);
        }
    }
}
