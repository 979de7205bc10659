namespace Hypervize.Simulator.Tests;

/// <summary>Requests beyond the concurrency, and clients that go.</summary>
public sealed class QueueSpecs : IAsyncLifetime
{
    private const string Model = "simulator/slow?load=0&ttft=0&tps=20&concurrency=1";
    private const int Endless = 100_000;
    private SimulatorProcess _node = null!;

    public async Task InitializeAsync() => _node = await SimulatorProcess.ReadyAsync(Model);

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Requests_beyond_the_concurrency_wait_and_are_counted()
    {
        using var leaving = new CancellationTokenSource();
        var asked = Enumerable.Range(0, 3).Select(_ => _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, Endless), leaving.Token)).ToList();
        await LoadIsAsync(running: 1, waiting: 2);
        Assert.Equal(1, await _node.MetricAsync("vllm:kv_cache_usage_perc"));
        await leaving.CancelAsync();
        foreach (var request in asked) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    [Fact]
    public async Task The_next_request_runs_when_one_ends()
    {
        var asked = Enumerable.Range(0, 3).Select(_ => _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, tokens: 2)).JsonAsync()).ToList();
        foreach (var answer in await Task.WhenAll(asked)) Assert.Equal(2, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        await LoadIsAsync(running: 0, waiting: 0);
    }

    [Fact]
    public async Task A_stream_whose_client_goes_stops_at_once()
    {
        using (var answer = await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, Endless, stream: true)))
            await using (var events = answer.EventsAsync().GetAsyncEnumerator()) await events.MoveNextAsync();
        await LoadIsAsync(running: 0, waiting: 0);
        Assert.True(await _node.MetricAsync("vllm:generation_tokens_total") < Endless);
    }

    [Fact]
    public async Task A_whole_answer_whose_client_goes_stops_at_once()
    {
        using var leaving = new CancellationTokenSource();
        var asked = _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, Endless), leaving.Token);
        await LoadIsAsync(running: 1, waiting: 0);
        await leaving.CancelAsync();
        await LoadIsAsync(running: 0, waiting: 0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task A_client_that_goes_while_it_waits_leaves_the_queue()
    {
        using var running = await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, Endless, stream: true));
        await LoadIsAsync(running: 1, waiting: 0);
        using (await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, Endless, stream: true))) await LoadIsAsync(running: 1, waiting: 1);
        await LoadIsAsync(running: 1, waiting: 0);
    }

    private Task LoadIsAsync(int running, int waiting) => SimulatorProcess.EventuallyAsync(async () =>
        await _node.MetricAsync("vllm:num_requests_running") == running && await _node.MetricAsync("vllm:num_requests_waiting") == waiting);
}
