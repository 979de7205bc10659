using Hypervize.Contracts;

namespace Hypervize.Autoscaler.Tests;

/// <summary>When an endpoint sleeps, over time. Its idle time is 60 s; a silent proxy is forgotten after 60 s.</summary>
public sealed class SleepSpecs
{
    [Fact]
    public void A_minute_without_a_request_and_it_sleeps()
    {
        var it = new Timeline();
        it.Passes(60).IsAwake();
        it.Passes(2).Sleeps();
        Assert.Equal(["No request for 60 s (idle time 60 s) at 1 proxy; last report 0.0 s ago"], it.Reasons);
    }

    [Fact]
    public void An_endpoint_with_a_minimum_never_sleeps()
    {
        var it = new Timeline(min: 1);
        it.Passes(3600).Has(1);
        Assert.Empty(it.Said);
    }

    [Fact]
    public void A_request_in_the_last_second_keeps_it_awake()
    {
        var it = new Timeline();
        it.Passes(60);
        it.Proxy.Gets(1);
        it.Passes(60).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void A_request_at_a_node_keeps_it_awake_however_long_it_takes()
    {
        var it = new Timeline();
        it.Proxy.Carries(1);
        it.Passes(7200).IsAwake();
        it.Proxy.Carries(0);
        it.Passes(60).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void A_request_that_waits_keeps_it_awake()
    {
        var it = new Timeline();
        it.Proxy.Carries(0, waiting: 1);
        it.Passes(600).IsAwake();
    }

    [Fact]
    public void A_request_at_any_proxy_keeps_it_awake()
    {
        var it = new Timeline();
        it.Join("proxy-2").Carries(1);
        it.Passes(600).IsAwake();
    }

    [Fact]
    public void Idle_time_begins_when_it_is_up_not_when_it_last_slept()
    {
        var it = new Timeline();
        it.Passes(62).Sleeps();
        it.WakesUp();
        it.Passes(60).IsAwake();
        it.Passes(2).Sleeps();
    }

    [Fact]
    public void Without_any_proxy_it_does_not_sleep()
    {
        var it = new Timeline();
        it.Proxy.IsKilled();
        it.Passes(3600).IsAwake();
    }

    [Fact]
    public void A_report_that_got_lost_is_silence_and_idle_time_begins_anew()
    {
        var it = new Timeline();
        it.Passes(50);
        it.Proxy.Loses = 1;
        it.Passes(1 + 60).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void A_proxy_that_is_cut_off_keeps_it_awake_until_it_is_forgotten_and_idle_time_passed_again()
    {
        var it = new Timeline();
        var other = it.Join("proxy-2");
        it.Passes(50);
        other.IsCutOff();
        it.Passes(60 + 58).IsAwake();
        it.Passes(5).Sleeps();
    }

    [Fact]
    public void A_killed_proxy_with_a_request_at_a_node_keeps_it_awake_until_it_is_forgotten_and_idle_time_passed_again()
    {
        var it = new Timeline();
        var other = it.Join("proxy-2");
        other.Carries(3);
        it.Passes(10);
        other.IsKilled();
        it.Passes(60 + 58).IsAwake();
        it.Passes(5).Sleeps();
    }

    [Fact]
    public void What_a_proxy_tells_late_covers_the_time_it_tells_of()
    {
        var it = new Timeline();
        it.Passes(30);
        it.Proxy.IsCutOff();
        it.Passes(40).IsAwake();
        it.Proxy.IsBackAgain();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void A_request_that_a_proxy_tells_of_late_keeps_it_awake()
    {
        var it = new Timeline();
        it.Passes(30);
        it.Proxy.IsCutOff();
        it.Passes(20);
        it.Proxy.Gets(1);
        it.Passes(20);
        it.Proxy.IsBackAgain();
        it.Passes(60).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void Reports_that_are_held_up_on_the_way_are_silence_until_they_arrive()
    {
        var it = new Timeline();
        it.Passes(30);
        it.HoldsUpReports = true;
        it.Passes(40).IsAwake();
        it.DeliversOne();
        it.Passes(1).IsAwake();
        it.HoldsUpReports = false;
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void A_proxy_that_leaves_is_not_missed()
    {
        var it = new Timeline();
        var other = it.Join("proxy-2");
        it.Passes(50);
        other.Leaves();
        it.Passes(12).Sleeps();
    }

    [Fact]
    public void What_a_proxy_had_before_it_left_counts()
    {
        var it = new Timeline();
        var other = it.Join("proxy-2");
        it.Passes(50);
        other.Gets(1);
        other.Leaves();
        it.Passes(60).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void The_last_report_of_a_proxy_that_left_may_come_twice()
    {
        var it = new Timeline();
        var other = it.Join("proxy-2");
        it.Passes(30);
        other.Leaves();
        it.Passes(5);
        it.Deliver(other.Published[^2]);
        it.Deliver(other.Published[^1]);
        it.Passes(27).Sleeps();
    }

    [Fact]
    public void A_proxy_that_joins_had_nothing_before_it_was_there()
    {
        var it = new Timeline();
        it.Passes(50);
        it.Join("proxy-2");
        it.Passes(12).Sleeps();
    }

    [Fact]
    public void A_proxy_whose_beginning_was_missed_may_have_had_requests_before()
    {
        var it = new Timeline();
        it.Passes(50);
        it.Join("proxy-2").Loses = 3;
        it.Passes(4 + 59).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void When_the_only_proxy_is_replaced_nobody_knew_what_was_between()
    {
        var it = new Timeline();
        it.Passes(40);
        it.Proxy.Leaves();
        it.Passes(10);
        it.Join("proxy-2");
        it.Passes(1 + 59).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void Reports_that_come_twice_count_once()
    {
        var it = new Timeline();
        it.Proxy.Carries(10);
        for (var i = 0; i < 30; i++)
        {
            it.Passes(1);
            foreach (var report in it.Proxy.Published.TakeLast(5)) it.Deliver(report);
        }
        it.Has(1);
        it.Proxy.Carries(0);
        it.Passes(40);
        it.Deliver(it.Proxy.Published[29]);
        it.Passes(21).Sleeps();
    }

    [Fact]
    public void A_report_that_is_overtaken_counts_and_the_silence_stays()
    {
        var it = new Timeline();
        it.Proxy.Gets(1);
        it.Passes(29);
        it.Proxy.Loses = 1;
        it.Proxy.Gets(1);
        it.Passes(2);
        it.Deliver(it.Proxy.Published[29]);
        it.Passes(59).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Theory, InlineData(3600), InlineData(-3600), InlineData(20), InlineData(-20)]
    public void A_proxys_clock_that_is_wrong_changes_nothing(int secondsAhead)
    {
        var it = new Timeline();
        it.Proxy.ClockAhead = TimeSpan.FromSeconds(secondsAhead);
        it.Passes(60).IsAwake();
        it.Passes(2).Sleeps();
    }

    [Theory, InlineData(3600), InlineData(20)]
    public void A_proxys_clock_that_jumps_ahead_makes_no_idle_time(int seconds)
    {
        var it = new Timeline();
        it.Passes(30);
        it.Proxy.ClockAhead = TimeSpan.FromSeconds(seconds);
        it.Passes(30).IsAwake();
        it.Passes(2).Sleeps();
    }

    [Theory, InlineData(3600), InlineData(20)]
    public void A_proxys_clock_that_jumps_back_makes_idle_time_begin_anew(int seconds)
    {
        var it = new Timeline();
        it.Passes(30);
        it.Proxy.ClockAhead = TimeSpan.FromSeconds(-seconds);
        it.Passes(1 + 59).IsAwake();
        it.Passes(1).Sleeps();
    }

    [Fact]
    public void A_clock_that_jumps_ahead_makes_no_load()
    {
        var it = new Timeline();
        it.Proxy.Carries(9);
        it.Passes(60);
        it.Proxy.ClockAhead = TimeSpan.FromHours(1);
        it.Passes(60).Has(1);
        Assert.Empty(it.Said);
    }

    [Fact]
    public void A_clock_that_runs_slow_for_a_day_is_no_silence()
    {
        var it = new Timeline(settings: new() { StabilisationSeconds = 3600 });
        it.Proxy.Carries(1);
        for (var i = 0; i < 24 * 60; i++)
        {
            it.Proxy.ClockAhead -= TimeSpan.FromMilliseconds(10);
            it.Passes(60);
        }
        it.Proxy.Carries(0);
        it.Passes(62).Sleeps();
    }

    [Fact]
    public void A_restarted_autoscaler_waits_a_whole_idle_time()
    {
        var it = new Timeline();
        it.Passes(50);
        it.RestartAutoscaler();
        it.Passes(60).IsAwake();
        it.Passes(2).Sleeps();
    }

    [Fact]
    public void A_command_to_sleep_that_got_lost_is_given_again()
    {
        var it = new Timeline { CommandsArrive = false };
        it.Passes(80).IsAwake();
        Assert.InRange(it.Said.OfType<HibernateEndpoint>().Count(), 2, 5);
        it.CommandsArrive = true;
        it.Passes(5).Sleeps();
    }
}
