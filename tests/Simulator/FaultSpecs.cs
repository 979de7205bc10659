using System.Net;

namespace Hypervize.Simulator.Tests;

/// <summary>Faults, asked for as an endpoint asks for them: in the model's name.</summary>
public sealed class FaultSpecs
{
    [Fact]
    public async Task A_node_can_fail_to_load()
    {
        var (exitCode, errors) = await SimulatorProcess.RunAsync("--model", "m?load=0.1&fail-to-load");
        Assert.Equal(1, exitCode);
        Assert.Contains("larger than the available KV cache memory", errors);
        Assert.Contains("simulated fault", errors);
    }

    [Fact]
    public async Task A_node_can_hang_while_it_loads()
    {
        await using var node = await SimulatorProcess.ListeningAsync(["--model", "m?load=0&hang"]);
        for (var i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.ServiceUnavailable, (await node.Http.GetAsync("/health")).StatusCode);
        Assert.False(node.HasExited);
    }

    [Fact]
    public async Task A_node_can_crash_after_some_good_answers()
    {
        const string model = "m?load=0&ttft=0&tps=0&crash-after=2";
        await using var node = await SimulatorProcess.ReadyAsync(model);
        await node.PostAsync("/v1/chat/completions", Ask.Chat(model, tokens: 1)).JsonAsync();
        await node.PostAsync("/v1/chat/completions", Ask.Chat(model, tokens: 5, stream: true)).ChunksAsync();
        Assert.NotEqual(0, await node.ExitAsync());
        Assert.Contains("simulated fault", node.Errors);
    }

    [Fact]
    public async Task A_node_can_stop_answering()
    {
        const string model = "m?load=0&ttft=0&tps=0&hang-after=1";
        await using var node = await SimulatorProcess.ReadyAsync(model);
        await node.PostAsync("/v1/chat/completions", Ask.Chat(model, tokens: 1)).JsonAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => node.Http.GetAsync("/health").WaitAsync(TimeSpan.FromMilliseconds(300)));
        Assert.False(node.HasExited);
    }

    [Fact]
    public async Task A_node_can_cut_a_stream_and_live()
    {
        const string model = "m?load=0&ttft=0&tps=0&drop-stream-after=3";
        await using var node = await SimulatorProcess.ReadyAsync(model);
        var tokens = new List<string?>();
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await foreach (var chunk in (await node.PostAsync("/v1/chat/completions", Ask.Chat(model, tokens: 9, stream: true))).EventsAsync())
                tokens.Add(System.Text.Json.JsonDocument.Parse(chunk).RootElement.Content());
        });
        Assert.Equal(["", "[simulated]", " This", " answer"], tokens);
        Assert.Equal(HttpStatusCode.OK, (await node.Http.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task A_node_can_cut_an_answer_before_it_is_sent()
    {
        const string model = "m?load=0&ttft=0&tps=0&drop-stream-after=3";
        await using var node = await SimulatorProcess.ReadyAsync(model);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => node.PostAsync("/v1/chat/completions", Ask.Chat(model, tokens: 9)));
    }
}
