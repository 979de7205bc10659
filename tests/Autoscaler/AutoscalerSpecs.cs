namespace Hypervize.Autoscaler.Tests;

/// <summary>The autoscaler's process against the real broker.</summary>
public sealed class AutoscalerSpecs(Surroundings around) : IClassFixture<Surroundings>
{
    [Fact]
    public async Task It_follows_an_endpoint_from_a_burst_down_to_sleep_says_why_and_would_again()
    {
        around.Give(around.Up(wanted: 1, decisive: 5), version: 7);
        var journal = Path.GetTempFileName();
        var autoscaler = await around.StartAutoscalerAsync(journal: journal);
        var proxies = await autoscaler.CheckAsync("proxies");
        Assert.Equal("degraded", proxies.GetProperty("status").GetString());

        // Learned by the snapshot.
        around.InFlight = 100;
        around.StartProxy();
        var up = await Surroundings.NextAsync(around.Scale, "it scales up");
        Assert.Equal(7, up.DecidedOn);
        Assert.InRange(up.Wanted, 2, 4);
        Assert.Matches("requests at once over (2|0.2) s on 1 node; target 12.8 requests at once a node", up.Reason);
        var again = await Surroundings.NextAsync(around.Scale, "the command is given again, for nobody followed it");
        Assert.Equal(7, again.DecidedOn);

        // Learned by messages.
        await around.PublishAsync(around.Up(wanted: 4, decisive: 8), version: 8);
        around.InFlight = 5;
        var down = await Eventually.SomeAsync(() => around.Scale.TryDequeue(out var command) && command.DecidedOn == 8 ? command : null, "it scales down");
        Assert.DoesNotContain("node-1", down.Victims);
        Assert.Equal(4 - down.Wanted, down.Victims.Count);
        Assert.Matches(@"^\d+\.\d requests at once over 2 s on 4 nodes; target 12.8 requests at once a node", down.Reason);

        await around.PublishAsync(around.Up(wanted: 1, decisive: 9, idle: 2), version: 9);
        around.InFlight = 0;
        var sleep = await Surroundings.NextAsync(around.Hibernate, "it sleeps");
        Assert.Equal(9, sleep.DecidedOn);
        Assert.Matches(@"^No request for \d+ s \(idle time 2 s\) at \d+ prox(y|ies); last report \d+\.\d s ago$", sleep.Reason);

        await Eventually.TrueAsync(async () => (await autoscaler.CheckAsync("endpoints")).GetProperty("status").GetString() == "up", "it knows the endpoints");
        Assert.True((await autoscaler.CheckAsync("proxies")).GetProperty("data").GetProperty("known").GetInt32() >= 1);

        // What it heard, given to the policy once more: the same decisions.
        var (said, saidAgain) = JournalReplay.Of(journal);
        Assert.Equal(said, saidAgain);
        Assert.Contains($"{around.EndpointId} 9 0 {sleep.Reason}", said);
        File.Delete(journal);
    }
}
