using System.Text.Json.Nodes;
using Hypervize.Bench.Lifecycle;
using Hypervize.Cli.Dashboard;
using Hypervize.Contracts;
using Microsoft.Playwright;

namespace Hypervize.Bench.Dashboard;

/// <summary>Every page in both themes, as it looks with something going on.</summary>
internal static class Screenshots
{
    private const int Callers = 8;
    private static readonly TimeSpan Traffic = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(3);
    private static readonly (string Name, string Model, string After)[] Fleet =
    [
        ("support-chat", "simulator/llama-8b?load=0.5&ttft=40", ""), ("code-review", "simulator/qwen-coder-7b?load=0.5&ttft=60", ""), ("embeddings", "simulator/bge-m3?load=0.2&ttft=10", ""),
        ("summaries", "simulator/mistral-7b?load=0.5", "hibernate"), ("nightly-batch", "simulator/phi-4?load=0.5", "hibernate"), ("translations", "simulator/gemma-9b?load=0.5", "disable"),
        ("experiment", "simulator/broken?fail-to-load&load=0.1", ""),
    ];

    /// <summary>Draws them.</summary>
    /// <param name="folder">Where they are put.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task TakeAsync(string folder, Action<string> progress, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        await using var stage = await Stage.SetAsync(progress, cancel);
        await stage.Installation.StartAsync(progress, cancel);
        await stage.OpenAsync(cancel);
        var ids = await FurnishAsync(stage, progress, cancel);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var calling = Task.WhenAll(Enumerable.Range(0, Callers).Select(i => CallAsync(stage, ids[i % 3], enough.Token)));
        progress($"Calling endpoints for {Traffic.TotalSeconds:0} s");
        await Task.Delay(Traffic, cancel);
        foreach (var isDark in (bool[])[false, true])
        {
            var theme = isDark ? "dark" : "light";
            await using var browser = await Browser.OpenAsync(await DashboardCommand.LinkAsync(stage.Client, null, cancel), progress, cancel, isDark);
            var origin = new Uri(stage.Installation.Wiring.PublicUrl);
            foreach (var (name, path) in Pages(ids[0]))
            {
                progress($"Drawing {name}, {theme}");
                var page = await browser.Context.NewPageAsync();
                await page.GotoAsync(new Uri(origin, $"/dashboard/{path}").ToString());
                await Browser.LiveAsync(page);
                if (name == "deploy") await page.GetByRole(AriaRole.Textbox, new() { Name = "Model", Exact = true }).FillAsync("Qwen/Qwen2.5-7B-Instruct");
                if (name == "playground") await ChatAsync(page);
                await Task.Delay(Settles, cancel);
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{theme}.png") });
                await page.CloseAsync();
            }
        }
        await enough.CancelAsync();
        await calling;
    }

    private static IEnumerable<(string Name, string Path)> Pages(string id) =>
    [
        ("fleet", "inference"), ("deploy", "inference/new"), ("keys", "keys"), ("billing", "billing"), ("hardware", "hardware"), ("endpoint", $"inference/blocks/{id}"),
        .. ((string[])["playground", "telemetry", "scaling", "logs", "configuration", "cost"]).Select(tab => (tab, $"inference/blocks/{id}/{tab}{(tab == "telemetry" ? "?range=15m" : "")}")),
    ];

    private static async Task<IReadOnlyList<string>> FurnishAsync(Stage stage, Action<string> progress, CancellationToken cancel)
    {
        var ids = new List<string>();
        foreach (var (name, model, after) in Fleet)
        {
            progress($"Creating {name}");
            var id = await stage.CreateAsync(name, cancel, model);
            ids.Add(id);
            if (name == "experiment") continue;
            await stage.Heard.FirstAsync(id, m => m.State.Status == EndpointStatus.Up, cancel);
            if (after.Length > 0) await stage.DoAsync(id, after, cancel);
        }
        await stage.Client.CallAsync(HttpMethod.Patch, $"v1/endpoints/{ids[0]}", cancel, new JsonObject { ["telemetry"] = true, ["scaling"] = new JsonObject { ["max"] = 4 } });
        return ids;
    }

    private static async Task CallAsync(Stage stage, string id, CancellationToken enough)
    {
        for (var call = 0; !enough.IsCancellationRequested; call++)
        {
            try
            {
                await stage.Client.ChatAsync(id, "Tell me something.", 40, _ => { }, enough);
                // Traffic comes in waves.
                await Task.Delay(TimeSpan.FromSeconds(0.5 * (1 + Math.Sin(call / 20.0))), enough);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task ChatAsync(IPage page)
    {
        await page.GetByLabel("Message", new() { Exact = true }).FillAsync("What are you?");
        await page.Keyboard.PressAsync("Enter");
    }
}
