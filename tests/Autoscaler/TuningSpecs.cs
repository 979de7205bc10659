using Hypervize.Autoscaling.Policy;

namespace Hypervize.Autoscaler.Tests;

/// <summary>An endpoint's own tuning. Without one, a node carries 11.2 requests at once of 16, by their average over 30 s.</summary>
public sealed class TuningSpecs
{
    private static readonly Tuning Operators = Timeline.RoundNumbers.Tuning;

    [Fact]
    public void What_an_endpoint_says_nothing_of_is_as_the_operator_tunes_it()
    {
        Assert.Same(Operators, Operators.With(null));
        Assert.Equal(Operators, Operators.With(new()));
    }

    [Fact]
    public void Each_figure_may_be_its_own() => Assert.Equal(
        new(0.5, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(120), 3, 4, 5),
        Operators.With(new(Utilisation: 0.5, WindowSeconds: 60, StabilisationSeconds: 120, PanicAt: 3, UpRate: 4, DownRate: 5)));

    [Fact]
    public void A_utilisation_of_its_own_holds_and_is_told()
    {
        var it = new Timeline(tuning: new(Utilisation: 0.5));
        it.Proxy.Carries(11);
        it.Passes(40).Has(2);
        Assert.Contains("target 8.0 requests at once a node", it.Reasons[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_longer_window_of_its_own_is_remembered_as_a_whole()
    {
        var it = new Timeline(tuning: new(WindowSeconds: 300, PanicAt: 100));
        it.Proxy.Carries(12);
        it.Passes(270).Has(1);
        it.Passes(20).Has(2);
    }

    [Fact]
    public void A_shorter_window_of_its_own_reacts_sooner()
    {
        var it = new Timeline(tuning: new(WindowSeconds: 5, PanicAt: 100));
        it.Proxy.Carries(12);
        it.Passes(6).Has(2);
    }

    [Fact]
    public void A_shorter_stabilisation_of_its_own_lets_nodes_go_sooner()
    {
        var it = new Timeline(tuning: new(StabilisationSeconds: 5));
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.Proxy.Carries(5);
        it.Passes(45).Has(1);
    }

    [Fact]
    public void A_longer_stabilisation_of_its_own_keeps_nodes_longer()
    {
        var it = new Timeline(tuning: new(StabilisationSeconds: 3600));
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.Proxy.Carries(5);
        it.Passes(3400).Has(3);
    }

    [Fact]
    public void What_is_a_burst_may_be_its_own()
    {
        var it = new Timeline(tuning: new(PanicAt: 1.1));
        it.Passes(60);
        it.Proxy.Carries(14);
        it.Passes(4).Has(2);
    }

    [Fact]
    public void How_fast_it_goes_up_may_be_its_own()
    {
        var it = new Timeline(max: 50, startSeconds: 300, tuning: new(UpRate: 3));
        it.Proxy.Carries(16, waiting: 5000);
        it.Passes(20).Has(3);
    }

    [Fact]
    public void How_fast_it_goes_down_may_be_its_own()
    {
        var nothing = new Demand(default, default, default(Load), TimeSpan.Zero, Proxies: 1, Silent: 0, TimeSpan.Zero);
        Assert.Equal(4, ScalingPolicy.Decide(new(new(1, 64, 60, 16), Wanted: 16, Ready: 16, TimeSpan.Zero, null, nothing), Operators.With(new(DownRate: 4))).Nodes);
    }

    [Fact]
    public void However_slowly_it_goes_down_it_does()
    {
        var it = new Timeline(tuning: new(DownRate: 1.1));
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.Proxy.Carries(1);
        it.Passes(120).Has(1);
    }

    [Fact]
    public void After_another_tuning_nothing_goes_down_before_a_whole_stabilisation_was_seen()
    {
        var it = new Timeline();
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.Proxy.Carries(1);
        it.Passes(50);
        it.IsTuned(new(PanicAt: 3));
        it.Passes(59).Has(3);
        it.Passes(5).Has(1);
    }

    [Fact]
    public void The_same_tuning_in_a_newer_version_begins_nothing_anew()
    {
        var it = new Timeline(tuning: new(PanicAt: 3));
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.Proxy.Carries(1);
        it.Passes(70);
        it.IsTuned(new(PanicAt: 3));
        it.Passes(30).Has(1);
    }

    [Fact]
    public void A_tuning_that_is_taken_away_is_the_operators_again()
    {
        var it = new Timeline(tuning: new(Utilisation: 0.5));
        it.Proxy.Carries(11);
        it.Passes(120).Has(2);
        it.IsTuned(null);
        it.Proxy.Carries(9);
        it.Passes(120).Has(1);
    }
}
