using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Bench.Lifecycle;
using Hypervize.Contracts;

namespace Hypervize.Bench.Dashboard;

/// <summary>Typing into the search of a log that grows fast.</summary>
internal static class LogFollow
{
    public const int LinesPerSecond = 2000;

    private const int PerTurn = 100;
    private const string Typed = "the quick brown foxes";
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BetweenKeys = TimeSpan.FromMilliseconds(150);

    /// <returns>Milliseconds that each key took to be on the screen.</returns>
    public static async Task<IReadOnlyList<double>> MeasureAsync(Stage stage, Browser browser, Uri origin, Action<string> progress, CancellationToken cancel)
    {
        await Idling.CalmAsync(stage, progress, cancel);
        progress("Following a fast log");
        var id = await stage.CreateAsync("talkative", cancel);
        await stage.Client.CallAsync(HttpMethod.Patch, $"v1/endpoints/{id}", cancel, new JsonObject { ["telemetry"] = true });
        var up = await stage.Heard.FirstAsync(id, m => m.State is { Status: EndpointStatus.Up, Settings.Telemetry: true }, cancel);
        var output = Directory.GetFiles(Path.Combine(stage.Installation.Folder, "nodes"), "output.log", SearchOption.AllDirectories).Single(f => f.Contains(up.Message.State.Nodes[0].Id, StringComparison.Ordinal));

        var page = await browser.Context.NewPageAsync();
        await page.GotoAsync(new Uri(origin, $"/dashboard/inference/blocks/{id}/logs").ToString());
        await Browser.LiveAsync(page);
        await page.WaitForSelectorAsync("[role=log]");
        await page.EvaluateAsync("""
            () => {
                window.latencies = [];
                document.addEventListener("keydown", event => requestAnimationFrame(() => {
                    const drawn = new MessageChannel();
                    drawn.port1.onmessage = () => window.latencies.push(performance.now() - event.timeStamp);
                    drawn.port2.postMessage(0);
                }), true);
            }
            """);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var writing = WriteAsync(output, enough.Token);
        await Task.Delay(Before, cancel);
        await page.Locator("input[type=search]").FocusAsync();
        foreach (var key in Typed)
        {
            await page.Keyboard.TypeAsync(key.ToString());
            await Task.Delay(BetweenKeys, cancel);
        }
        await enough.CancelAsync();
        await writing;
        var latencies = await page.EvaluateAsync<double[]>("() => window.latencies");
        await page.CloseAsync();
        await stage.DoAsync(id, "disable", cancel);
        return latencies;
    }

    private static async Task WriteAsync(string file, CancellationToken enough)
    {
        await using var lines = new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = false };
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds((double)PerTurn / LinesPerSecond));
        for (var i = 0L; !enough.IsCancellationRequested; i += PerTurn)
        {
            for (var line = i; line < i + PerTurn; line++)
                await lines.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:O} INFO request {line} served: the quick brown fox jumps over {line % 97} lazy dogs"));
            await lines.FlushAsync(CancellationToken.None);
            await Task.WhenAny(pace.WaitForNextTickAsync(CancellationToken.None).AsTask());
        }
    }
}
