using Hypervize.Autoscaling.Policy;
using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests;

/// <summary>How many nodes, over time. A node carries 16 requests at once; 11.2 of them is the target, 10.1 the mark for going down.</summary>
public sealed class ScalingSpecs
{
    [Fact]
    public void A_load_that_one_node_carries_changes_nothing()
    {
        var it = new Timeline();
        it.Proxy.Carries(11);
        it.Passes(300).Has(1);
        Assert.Empty(it.Said);
    }

    [Fact]
    public void A_load_that_needs_three_nodes_gets_them_within_the_window()
    {
        var it = new Timeline();
        it.Proxy.Carries(30);
        it.Passes(11).Has(3);
        it.Passes(300).Has(3);
    }

    [Fact]
    public void What_waits_counts_like_what_is_served()
    {
        var it = new Timeline();
        it.Proxy.Carries(16, waiting: 14);
        it.Passes(11).Has(3);
    }

    [Fact]
    public void Proxies_add_up()
    {
        var it = new Timeline();
        it.Join("proxy-2").Carries(15);
        it.Proxy.Carries(15);
        it.Passes(11).Has(3);
    }

    [Fact]
    public void A_second_of_load_is_not_a_load()
    {
        var it = new Timeline();
        it.Passes(60);
        it.Proxy.Carries(40);
        it.Passes(1);
        it.Proxy.Carries(1);
        it.Passes(30).Has(1);
    }

    [Fact]
    public void A_burst_goes_up_in_seconds_and_never_above_the_maximum()
    {
        var it = new Timeline(max: 4);
        it.Proxy.Carries(1);
        it.Passes(60);
        it.Proxy.Carries(16, waiting: 5000);
        it.Passes(3).Has(4);
        it.Passes(300).Has(4);
    }

    [Fact]
    public void Twice_the_target_for_three_seconds_is_a_panic_and_counts_at_once()
    {
        var it = new Timeline();
        it.Passes(60);
        it.Proxy.Carries(16, waiting: 14);
        it.Passes(4).Has(3);
        Assert.Contains("over 3 s", it.Reasons[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_rise_to_less_than_twice_the_target_is_believed_by_its_average()
    {
        var it = new Timeline();
        it.Proxy.Carries(8);
        it.Passes(60);
        it.Proxy.Carries(16);
        it.Passes(10).Has(1);
        it.Passes(10).Has(2);
    }

    [Fact]
    public void Nothing_goes_down_for_a_window_after_a_burst()
    {
        var it = new Timeline(settings: new() { StabilisationSeconds = 1 });
        it.Proxy.Carries(30);
        it.Passes(4).Has(3);
        it.Proxy.Carries(0);
        it.Passes(25).Has(3);
        it.Passes(15).Has(1);
    }

    [Fact]
    public void Requests_per_minute_count_where_the_owner_set_a_number_for_them()
    {
        var it = new Timeline(perMinute: 60);
        for (var i = 0; i < 40; i++)
        {
            it.Proxy.Gets(2);
            it.Passes(1);
        }
        it.Has(3);
        Assert.Contains("120 a minute", it.Reasons[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void By_one_decision_there_are_at_most_ten_times_those_that_serve()
    {
        var it = new Timeline(max: 50, startSeconds: 300);
        it.Proxy.Carries(16, waiting: 5000);
        it.Passes(20).Has(10);
    }

    [Fact]
    public void By_one_decision_half_of_the_nodes_leave_at_most()
    {
        var nothing = new Demand(default, default, default(Load), TimeSpan.Zero, Proxies: 1, Silent: 0, TimeSpan.Zero);
        Assert.Equal(8, ScalingPolicy.Decide(new(new(1, 64, 60, 16), Wanted: 16, Ready: 16, TimeSpan.Zero, null, nothing), new AutoscalerSettings().Tuning).Nodes);
    }

    [Fact]
    public void A_minute_of_less_is_calm_enough_to_go_down()
    {
        var it = new Timeline();
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.Proxy.Carries(5);
        it.Passes(60).Has(3);
        it.Passes(40).Has(1);
    }

    [Fact]
    public void A_load_that_comes_back_within_the_minute_finds_its_nodes()
    {
        var it = new Timeline();
        for (var i = 0; i < 10; i++)
        {
            it.Proxy.Carries(30);
            it.Passes(20).Has(3);
            it.Proxy.Carries(1);
            it.Passes(50).Has(3);
        }
        Assert.All(it.Said.Cast<ScaleEndpoint>(), c => Assert.InRange(c.Wanted, 2, 3));
    }

    [Fact]
    public void A_load_at_the_edge_does_not_flap()
    {
        var it = new Timeline();
        for (var i = 0; i < 10; i++)
        {
            it.Proxy.Carries(12);
            it.Passes(90);
            it.Proxy.Carries(11);
            it.Passes(90);
        }
        Assert.Single(it.Said);
        it.Has(2);
    }

    [Fact]
    public void A_slow_start_does_not_order_the_same_nodes_again()
    {
        var it = new Timeline(max: 10, startSeconds: 300);
        it.Proxy.Carries(16, waiting: 14);
        it.Passes(11).Has(3);
        it.Passes(288).Has(3);
        Assert.InRange(it.Said.Count, 1, 2);
    }

    [Fact]
    public void What_piles_up_during_a_slow_start_orders_nothing_that_the_ordered_nodes_can_take()
    {
        var it = new Timeline(max: 10, startSeconds: 300);
        it.Proxy.Carries(16, waiting: 14);
        it.Passes(20).Has(3);
        it.Proxy.Carries(16, waiting: 31);
        it.Passes(60).Has(3);
        it.Proxy.Carries(16, waiting: 33);
        it.Passes(31).Has(4);
    }

    [Fact]
    public void What_was_held_while_it_woke_is_no_load_yet()
    {
        var it = new Timeline();
        it.Proxy.Carries(0, waiting: 200);
        it.Passes(5);
        it.WakesUp();
        it.Proxy.Carries(1);
        it.Passes(60).Has(1);
    }

    [Fact]
    public void Never_down_while_a_proxy_is_silent()
    {
        var it = new Timeline(settings: new() { ForgetSeconds = 3600 });
        var other = it.Join("proxy-2");
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.Proxy.Carries(1);
        other.IsCutOff();
        it.Passes(1800).Has(3);
    }

    [Fact]
    public void A_silence_within_the_minute_makes_it_wait_another()
    {
        var it = new Timeline();
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.Proxy.Carries(1);
        it.Passes(40);
        it.Proxy.Loses = 1;
        it.Passes(1 + 58).Has(3);
        it.Passes(5).Has(1);
    }

    [Fact]
    public void What_a_silent_proxy_had_does_not_buy_nodes()
    {
        var it = new Timeline();
        var other = it.Join("proxy-2");
        it.Proxy.Carries(5);
        other.Carries(5);
        it.Passes(60).Has(1);
        other.IsKilled();
        it.Passes(10);
        it.Proxy.Carries(10);
        it.Passes(30).Has(1);
    }

    [Fact]
    public void Up_goes_on_what_is_reported_even_while_a_proxy_is_silent()
    {
        var it = new Timeline();
        var other = it.Join("proxy-2");
        it.Passes(5);
        other.IsKilled();
        it.Passes(10);
        it.Proxy.Carries(30);
        it.Passes(11).Has(3);
        Assert.StartsWith("1 proxy is silent; at least ", it.Reasons[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_restarted_autoscaler_does_not_scale_down_before_it_has_seen_a_minute()
    {
        var it = new Timeline();
        it.Proxy.Carries(30);
        it.Passes(120).Has(3);
        it.RestartAutoscaler();
        it.Passes(300).Has(3);
        it.Proxy.Carries(1);
        it.RestartAutoscaler();
        it.Passes(59).Has(3);
        it.Passes(5).Has(1);
    }

    [Fact]
    public void Without_any_report_nothing_happens()
    {
        var it = new Timeline(min: 1);
        it.Proxy.Carries(30);
        it.Passes(20).Has(3);
        it.Proxy.IsKilled();
        it.Passes(3600).Has(3);
    }

    [Fact]
    public void Going_down_it_ends_above_the_minimum()
    {
        var it = new Timeline(min: 2);
        it.Proxy.Carries(30);
        it.Passes(30).Has(3);
        it.Proxy.Carries(0);
        it.Passes(3600).Has(2);
    }

    [Fact]
    public void The_least_busy_nodes_leave()
    {
        var it = new Timeline();
        it.Proxy.Carries(25);
        it.Passes(60).Has(3);
        it.Proxy.Carries(2, node: "node-1");
        it.Proxy.Carries(0, node: "node-2");
        it.Proxy.Carries(1, node: "node-3");
        it.Passes(100).Has(1);
        Assert.Equal(["node-1"], it.Nodes);
        Assert.Equal(["node-2", "node-3"], it.Said.OfType<ScaleEndpoint>().SelectMany(c => c.Victims));
    }

    [Fact]
    public void Nodes_that_do_not_serve_yet_leave_first()
    {
        var it = new Timeline(startSeconds: 3600);
        it.Proxy.Carries(25);
        it.Passes(60).Has(3);
        it.Proxy.Carries(0);
        it.Proxy.Gets(1);
        it.Passes(59);
        it.Proxy.Gets(1);
        it.Passes(45).Has(1);
        Assert.Equal(["node-1"], it.Nodes);
    }

    [Fact]
    public void A_long_stream_at_a_draining_node_is_nobody_elses_load()
    {
        var it = new Timeline();
        it.Proxy.Carries(8, node: "node-1");
        it.Proxy.Carries(8, node: "node-2");
        it.Passes(30).Has(2);
        it.Proxy.Carries(3, node: "node-1");
        it.Proxy.Carries(6, node: "node-2");
        it.Passes(100).Has(1);
        it.Proxy.Carries(6, node: "node-2");
        it.Passes(300).Has(1);
        Assert.Equal(["node-2"], it.Nodes);
        it.Proxy.Carries(9, node: "node-2");
        it.Passes(300).Has(1);
    }

    [Fact]
    public void A_command_that_got_lost_is_given_again_every_few_seconds()
    {
        var it = new Timeline { CommandsArrive = false };
        it.Proxy.Carries(30);
        it.Passes(31).Has(1);
        Assert.InRange(it.Said.Count, 5, 7);
        it.CommandsArrive = true;
        it.Passes(5).Has(3);
    }

    [Fact]
    public void Every_change_says_why_in_words_and_numbers()
    {
        var it = new Timeline();
        it.Proxy.Carries(30);
        it.Passes(60);
        it.Proxy.Carries(5);
        it.Passes(100);
        Assert.Equal(
        [
            "30.0 requests at once over 3 s on 1 node; target 11.2 requests at once a node → 3 nodes",
            "5.0 requests at once over 30 s on 3 nodes; target 11.2 requests at once a node → 1 node; up to 20.0 requests at once in the last 60 s, down at 10.1 requests at once a node → 2",
            "5.0 requests at once over 30 s on 2 nodes; target 11.2 requests at once a node → 1 node; up to 10.0 requests at once in the last 60 s",
        ], it.Reasons);
    }
}
