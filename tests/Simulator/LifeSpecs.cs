using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Hypervize.Simulator.Tests;

/// <summary>A node's life: it loads, serves, notes that it does, and stops.</summary>
public sealed class LifeSpecs : IDisposable
{
    private readonly string _log = Path.Combine(Path.GetTempPath(), $"serving-{Guid.NewGuid():N}.jsonl");

    public void Dispose() => File.Delete(_log);

    [Fact]
    public async Task A_loading_node_is_alive_and_not_ready()
    {
        await using var node = await SimulatorProcess.ListeningAsync(["--model", "m", "--load-seconds", "3600"]);
        var health = await node.Http.GetAsync("/health");
        var refusal = await node.PostAsync("/v1/chat/completions", Ask.Chat("m")).JsonAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Equal("model_loading", refusal.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_ready_node_says_since_when()
    {
        var before = DateTimeOffset.UtcNow;
        await using var node = await SimulatorProcess.ReadyAsync("m?load=0");
        var readyAt = (await node.Http.GetAsync("/health").JsonAsync()).GetProperty("ready_at").GetString()!;
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", readyAt);
        Assert.InRange(DateTimeOffset.Parse(readyAt, CultureInfo.InvariantCulture), before, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task A_node_told_to_stop_finishes_what_runs()
    {
        await using var node = await SimulatorProcess.ReadyAsync("m?load=0&ttft=0&tps=20", "--serving-log", _log, "--node-id", "node-7");
        await using var events = (await node.PostAsync("/v1/chat/completions", Ask.Chat("m?load=0&ttft=0&tps=20", tokens: 40, stream: true))).EventsAsync().GetAsyncEnumerator();
        await events.MoveNextAsync();
        await node.TerminateAsync();
        string last;
        do last = events.Current; while (await events.MoveNextAsync());
        Assert.Equal("[DONE]", last);
        Assert.Equal(0, await node.ExitAsync());
        Assert.Equal(("node-7", "stopped"), (Log()[^1].GetProperty("node").GetString(), Log()[^1].GetProperty("event").GetString()));
    }

    [Fact]
    public async Task A_node_told_to_stop_takes_no_new_connection()
    {
        await using var node = await SimulatorProcess.ReadyAsync("m?load=0&ttft=0&tps=10");
        using var running = await node.PostAsync("/v1/chat/completions", Ask.Chat("m?load=0&ttft=0&tps=10", tokens: 100_000, stream: true));
        await node.TerminateAsync();
        await SimulatorProcess.EventuallyAsync(async () =>
        {
            using var fresh = new HttpClient { BaseAddress = node.Http.BaseAddress };
            try
            {
                await fresh.GetAsync("/health");
                return false;
            }
            catch (HttpRequestException)
            {
                return true;
            }
        });
        Assert.False(node.HasExited);
    }

    [Fact]
    public async Task A_node_told_to_stop_while_it_loads_stops()
    {
        await using var node = await SimulatorProcess.ListeningAsync(["--model", "m?load=3600", "--serving-log", _log]);
        await node.TerminateAsync();
        Assert.Equal(0, await node.ExitAsync());
        Assert.Empty(Log());
    }

    [Fact]
    public async Task A_killed_node_leaves_when_it_served_last()
    {
        await using var node = await SimulatorProcess.ReadyAsync("m?load=0", "--serving-log", _log);
        await SimulatorProcess.EventuallyAsync(() => Task.FromResult(Log().Count >= 3));
        node.Kill();
        await node.ExitAsync();
        Assert.Equal("ready", Log()[0].GetProperty("event").GetString());
        Assert.All(Log().Skip(1), line => Assert.Equal("serving", line.GetProperty("event").GetString()));
    }

    [Fact]
    public async Task A_port_in_use_is_said()
    {
        await using var node = await SimulatorProcess.ListeningAsync(["--model", "m"]);
        var (exitCode, errors) = await SimulatorProcess.RunAsync("--model", "m", "--port", node.Http.BaseAddress!.Port.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(1, exitCode);
        Assert.Contains("Can't listen", errors);
    }

    [Fact]
    public async Task All_errors_of_a_command_line_are_said_at_once()
    {
        var (exitCode, errors) = await SimulatorProcess.RunAsync("--host", "here", "--model", "m?load=-1&bogus=1", "--concurrency", "0");
        Assert.Equal(2, exitCode);
        Assert.All(["--host", "--load-seconds", "'bogus=1'", "--concurrency"], option => Assert.Contains(option, errors));
    }

    private List<JsonElement> Log()
    {
        using var lines = new StreamReader(new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. lines.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
