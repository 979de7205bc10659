using System.Net;
using Hypervize.Bench.Load;
using Hypervize.Cli.Platform;

namespace Hypervize.Bench.Proxy;

/// <summary>A proxy in front of the node, in a process of its own; or none, the node itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Port">Its port on loopback.</param>
/// <param name="Path">Path of a chat completion.</param>
/// <param name="StreamPath">Path of one that is streamed.</param>
/// <param name="Process">Its process; null for the node itself.</param>
/// <param name="CompilesItself">Whether it is compiled while it runs.</param>
internal sealed record Contestant(string Name, int Port, string Path, string StreamPath, DetachedProcess? Process, bool CompilesItself = false) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>CPU seconds that it has used, with its workers.</summary>
    public double CpuSeconds => CpuTime.Seconds(Process!.Pid);

    /// <summary>Its address.</summary>
    /// <param name="path">Path.</param>
    public string Url(string path) => $"http://127.0.0.1:{Port}{path}";

    /// <summary>Waits until it passes requests on.</summary>
    /// <param name="rig">What it is part of.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Contestant> AnswersAsync(Rig rig, CancellationToken cancel)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { DefaultRequestHeaders = { Authorization = new("Bearer", rig.Key) } };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        var last = "nothing";
        while (!patience.IsCancellationRequested)
        {
            try
            {
                using var content = new StringContent(Requests.Whole, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
                using var answer = await client.PostAsync(new Uri(Url(Path)), content, patience.Token);
                if (answer.StatusCode == HttpStatusCode.OK) return this;
                last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(patience.Token)}";
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                last = e.Message;
            }
            if (Process is { IsAlive: false }) break;
            await Task.Delay(100, cancel);
        }
        throw new PlatformException($"{Name} does not pass requests on. Its last answer: {last}. Its log, {rig.LogOf(Name)}, ends:\n{LogTail.Of(rig.LogOf(Name))}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Process is not null) await Process.StopAsync(PosixSignalNumber.Terminate, TimeSpan.FromSeconds(10));
    }
}
