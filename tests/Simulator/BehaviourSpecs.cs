using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Simulator.Tests;

/// <summary>What the command line and the model's name say, and the pace that follows.</summary>
public sealed class BehaviourSpecs
{
    [Fact]
    public void Without_options_a_node_behaves_as_documented() => Assert.Equal(new Behaviour(0.5, 30, 100, 64), Read("m").Behaviour);

    [Fact]
    public void A_models_name_asks_for_behaviour() =>
        Assert.Equal(new Behaviour(2, 50, 200.5, 4, FailToLoad: true, Hang: true, HangAfter: 1, CrashAfter: 3, DropStreamAfter: 5),
            Read("m?load=2&ttft=50&tps=200.5&concurrency=4&fail-to-load&hang&hang-after=1&crash-after=3&drop-stream-after=5").Behaviour);

    [Fact]
    public void A_models_name_wins_over_the_command_line() =>
        Assert.Equal(new Behaviour(LoadSeconds: 2, FirstTokenMs: 7), Read("m?load=2", "--load-seconds", "9", "--ttft-ms", "7").Behaviour);

    [Fact]
    public void A_model_is_served_under_its_whole_name() => Assert.Equal("m?load=2", Read("m?load=2").ServedName);

    [Fact]
    public void A_model_can_be_served_under_another_name() => Assert.Equal("other", Read("m?load=2", "--served-model-name", "other").ServedName);

    [Fact]
    public async Task Tokens_come_by_the_clock()
    {
        var time = new FakeTimeProvider();
        using var engine = new Engine(new(FirstTokenMs: 50, TokensPerSecond: 10), time);
        using var generation = await engine.BeginAsync(promptTokens: 1, tokens: 3, CancellationToken.None);
        Assert.Equal([false, false], [generation.IsMade(0), generation.IsMade(1)]);
        time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal([true, false], [generation.IsMade(0), generation.IsMade(1)]);
        time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal([true, true], [generation.IsMade(1), generation.IsMade(2)]);
    }

    [Fact]
    public async Task A_request_cut_short_counts_the_tokens_it_made()
    {
        var time = new FakeTimeProvider();
        using var engine = new Engine(new(FirstTokenMs: 50, TokensPerSecond: 10), time);
        using (await engine.BeginAsync(promptTokens: 1, tokens: 100, CancellationToken.None)) time.Advance(TimeSpan.FromMilliseconds(260));
        Assert.Equal((3, 0), (engine.GeneratedTokens, engine.Running));
    }

    private static NodeSettings Read(string model, params string[] options)
    {
        Assert.Null(CommandLine.Read(["--port", "1", "--model", model, .. options], out var settings));
        return settings!;
    }
}
