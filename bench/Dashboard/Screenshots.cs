using System.Text.Json.Nodes;
using Hypervize.Bench.Lifecycle;
using Hypervize.Cli.Dashboard;
using Hypervize.Contracts;
using Microsoft.Playwright;

namespace Hypervize.Bench.Dashboard;

/// <summary>Every page in both themes, as it looks with something going on.</summary>
internal static class Screenshots
{
    private static readonly TimeSpan Traffic = TimeSpan.FromSeconds(75);
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
        var shown = await FurnishAsync(stage, progress, cancel);
        foreach (var isDark in (bool[])[false, true])
        {
            var theme = isDark ? "dark" : "light";
            await using var browser = await Browser.OpenAsync(await DashboardCommand.LinkAsync(stage.Client, null, cancel), progress, cancel, isDark);
            var origin = new Uri(stage.Installation.Wiring.PublicUrl);
            foreach (var (name, path) in Pages(shown))
            {
                progress($"Drawing {name}, {theme}");
                var page = await browser.Context.NewPageAsync();
                await page.GotoAsync(new Uri(origin, $"/dashboard/{path}").ToString());
                await Browser.LiveAsync(page);
                if (name == "deploy") await page.GetByLabel("Model", new() { Exact = false }).First.FillAsync("Qwen/Qwen2.5-7B-Instruct");
                if (name == "playground") await ChatAsync(page);
                await Task.Delay(Settles, cancel);
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{theme}.png") });
                await page.CloseAsync();
            }
        }
    }

    private static IEnumerable<(string Name, string Path)> Pages(string id) =>
    [
        ("fleet", "inference"), ("deploy", "inference/new"), ("keys", "keys"), ("billing", "billing"), ("hardware", "hardware"), ("endpoint", $"inference/blocks/{id}"),
        .. ((string[])["playground", "telemetry", "scaling", "logs", "configuration", "cost"]).Select(tab => (tab, $"inference/blocks/{id}/{tab}")),
    ];

    private static async Task<string> FurnishAsync(Stage stage, Action<string> progress, CancellationToken cancel)
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
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        progress($"Calling endpoints for {Traffic.TotalSeconds:0} s");
        enough.CancelAfter(Traffic);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => CallAsync(stage, ids[i % 3], enough.Token)));
        cancel.ThrowIfCancellationRequested();
        return ids[0];
    }

    private static async Task CallAsync(Stage stage, string id, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            try
            {
                await stage.Client.ChatAsync(id, "Tell me something.", 40, _ => { }, enough);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task ChatAsync(IPage page)
    {
        await page.Locator("textarea").Last.FillAsync("What are you?");
        await page.Keyboard.PressAsync("Enter");
    }
}
