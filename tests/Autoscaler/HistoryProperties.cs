using CsCheck;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests;

/// <summary>What holds in every history of requests, lost reports, cut-off, killed and leaving proxies, and clocks that jump.</summary>
public sealed class HistoryProperties
{
    private const int Idle = 20;
    private const int Late = 5;
    private const int Forget = 30;

    private enum Step { Carries, Waits, Gets, Loses, IsCutOff, IsBackAgain, IsKilled, Leaves, Joins, ClockJumps, AutoscalerRestarts, Redelivered }

    private static readonly Gen<(Step Step, int Proxy, int Amount, int Seconds)[]> Histories =
        Gen.Select(Gen.Enum<Step>(), Gen.Int[0, 3], Gen.Int[0, 40], Gen.Int[0, 30]).Array[1, 40];

    [Fact]
    public void No_endpoint_sleeps_with_a_request_or_on_a_silence() => Histories.Sample(history =>
    {
        var it = new Timeline(idle: Idle, settings: new() { LateSeconds = Late, ForgetSeconds = Forget });
        var proxies = new List<Known> { new(it.Proxy) };
        var started = 0;
        for (var i = 0; i < history.Length; i++)
        {
            var (step, which, amount, seconds) = history[i];
            if (step == Step.Joins) proxies.Add(new(it.Join($"joined-{i}")));
            if (step == Step.AutoscalerRestarts)
            {
                started = it.Second;
                foreach (var proxy in proxies) proxy.HeardAt = null;
                it.RestartAutoscaler();
            }
            Take(step, proxies[which % proxies.Count], amount, it);

            for (var second = 0; second < seconds; second++)
            {
                it.Passes(1);
                foreach (var proxy in proxies) proxy.Passes(it.Second);
                if (it.Status == EndpointStatus.Up) continue;

                Assert.True(it.Second - started >= Idle, "it had not seen a whole idle time");
                foreach (var proxy in proxies.Where(p => p.SilentFor(it.Second) < Forget))
                {
                    Assert.True(proxy.SilentFor(it.Second) <= Late, $"a proxy was silent for {proxy.SilentFor(it.Second)} s");
                    if (proxy.SilentFor(it.Second) == 0) Assert.True(it.Second - proxy.BusyAt >= Idle, $"a request was there {it.Second - proxy.BusyAt} s ago");
                }
                it.WakesUp();
                started = it.Second;
            }
        }
    }, iter: 2000);

    [Fact]
    public void What_was_heard_makes_another_autoscaler_say_the_same() => Histories.Sample(history =>
    {
        var it = new Timeline(max: 5, idle: Idle, settings: new() { LateSeconds = Late, ForgetSeconds = Forget, StabilisationSeconds = 20 });
        var proxies = new List<Known> { new(it.Proxy) };
        for (var i = 0; i < history.Length; i++)
        {
            var (step, which, amount, seconds) = history[i];
            if (step == Step.Joins) proxies.Add(new(it.Join($"joined-{i}")));
            if (step == Step.AutoscalerRestarts) it.RestartAutoscaler();
            Take(step, proxies[which % proxies.Count], amount, it);
            for (var second = 0; second < seconds; second++)
            {
                it.Passes(1);
                if (it.Status != EndpointStatus.Up) it.WakesUp();
            }
        }
        Assert.Equal(it.Said.Select(Words), it.Replay().Select(Words));
    }, iter: 500);

    [Fact]
    public void The_number_of_nodes_stays_within_bounds_and_no_silence_lowers_it() => Histories.Sample(history =>
    {
        var it = new Timeline(min: 2, max: 5, settings: new() { LateSeconds = Late, ForgetSeconds = Forget, StabilisationSeconds = 20 });
        var proxies = new List<Known> { new(it.Proxy) };
        for (var i = 0; i < history.Length; i++)
        {
            var (step, which, amount, seconds) = history[i];
            if (step == Step.Joins) proxies.Add(new(it.Join($"joined-{i}")));
            Take(step, proxies[which % proxies.Count], amount, it);
            for (var second = 0; second < seconds; second++)
            {
                var before = it.Nodes.Count;
                it.Passes(1);
                foreach (var proxy in proxies) proxy.Passes(it.Second);
                Assert.InRange(it.Nodes.Count, 2, 5);
                if (proxies.Any(p => p.SilentFor(it.Second) is > Late and < Forget))
                    Assert.True(it.Nodes.Count >= before, "it went down while a proxy was silent");
            }
        }
    }, iter: 2000);

    private static string Words(object command) => command switch
    {
        ScaleEndpoint scale => $"{scale.DecidedOn}: {scale.Wanted}, without {string.Join(' ', scale.Victims)}: {scale.Reason}",
        _ => $"{command}",
    };

    private static void Take(Step step, Known proxy, int amount, Timeline it)
    {
        if (proxy.HasLeft) return;
        switch (step)
        {
            case Step.Carries: proxy.InFlight = amount % 2 * amount; break;
            case Step.Waits: proxy.Waiting = amount % 2 * amount; break;
            case Step.Gets: proxy.Gets(amount); break;
            case Step.Loses: proxy.Simulated.Loses = 1; break;
            case Step.IsCutOff: proxy.Simulated.IsCutOff(); break;
            case Step.IsBackAgain: proxy.Simulated.IsBackAgain(); break;
            case Step.IsKilled: proxy.IsDead = true; proxy.Simulated.IsKilled(); break;
            case Step.Leaves: proxy.HasLeft = true; proxy.Simulated.Leaves(); break;
            case Step.ClockJumps: proxy.Simulated.ClockAhead = TimeSpan.FromSeconds((amount - 20) * 100); break;
            case Step.Redelivered: foreach (var report in proxy.Simulated.Published.TakeLast(amount)) it.Deliver(report); break;
            default: break;
        }
        proxy.Simulated.Carries(proxy.InFlight, proxy.Waiting);
    }

    // What is true of a proxy, whoever knows it.
    private sealed class Known(SimulatedProxy simulated)
    {
        private int _gets;
        private int _arrived;

        public SimulatedProxy Simulated => simulated;

        public int InFlight { get; set; }

        public int Waiting { get; set; }

        public int BusyAt { get; private set; } = -1000;

        public int? HeardAt { get; set; }

        public bool IsDead { get; set; }

        public bool HasLeft { get; set; }

        // One that left, or was never heard of, is not missed.
        public int? SilentFor(int second) => HasLeft ? null : second - HeardAt;

        public void Gets(int requests)
        {
            _gets = requests;
            simulated.Gets(requests);
        }

        public void Passes(int second)
        {
            if (!IsDead && InFlight + Waiting + _gets > 0) BusyAt = second;
            if (simulated.Arrived > _arrived) HeardAt = second;
            (_gets, _arrived) = (0, simulated.Arrived);
        }
    }
}
