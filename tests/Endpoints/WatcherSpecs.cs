using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.Endpoints.Watching;
using Hypervize.EventSourcing;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Endpoints.Tests;

/// <summary>What is kept for who watches.</summary>
public sealed class WatcherSpecs
{
    private readonly FakeTimeProvider _time = new();
    private readonly Watchers _watchers = new();

    [Fact]
    public async Task Of_each_endpoint_the_newest_state_is_kept_and_who_waits_longest_is_told_first()
    {
        var watcher = _watchers.Add("acct-1", "acct-1")!;
        Assert.True(watcher.TakeBehind());
        Assert.False(watcher.TakeBehind());
        for (var version = 1; version <= 1000; version++)
        {
            _watchers.Tell(Changed("one", version));
            _watchers.Tell(Changed("two", version));
        }
        _watchers.Tell(Changed("one", 7));
        Assert.True(await watcher.NewsAsync(EndpointWatch.Beat, _time, CancellationToken.None));
        Assert.Equal(("one", 1000L), watcher.Take() is { } one ? (one.Id, one.Version) : default);
        Assert.Equal(("two", 1000L), watcher.Take() is { } two ? (two.Id, two.Version) : default);
        Assert.Null(watcher.Take());
    }

    [Fact]
    public async Task Who_waits_is_woken_by_a_change_of_its_account_and_else_after_a_while()
    {
        var watcher = _watchers.Add("acct-1", "acct-1")!;
        watcher.TakeBehind();
        var news = watcher.NewsAsync(EndpointWatch.Beat, _time, CancellationToken.None);
        _watchers.Tell(Changed("other", 1, "acct-2"));
        Assert.False(news.IsCompleted);
        _watchers.Tell(Changed("one", 1));
        Assert.True(await news);

        Assert.NotNull(watcher.Take());
        var quiet = watcher.NewsAsync(EndpointWatch.Beat, _time, CancellationToken.None);
        _time.Advance(EndpointWatch.Beat);
        Assert.False(await quiet);

        var behind = watcher.NewsAsync(EndpointWatch.Beat, _time, CancellationToken.None);
        _watchers.FallBehind();
        Assert.True(await behind);
        Assert.True(watcher.TakeBehind());
    }

    [Fact]
    public async Task Nobody_is_waited_for_once_somebody_watches()
    {
        var someone = _watchers.SomeoneAsync(CancellationToken.None);
        Assert.False(someone.IsCompleted);
        var watcher = _watchers.Add("acct-1", null)!;
        await someone;
        Assert.True(_watchers.SomeoneAsync(CancellationToken.None).IsCompleted);

        _watchers.Remove(watcher);
        Assert.True(_watchers.AreNone);
        Assert.False(_watchers.SomeoneAsync(CancellationToken.None).IsCompleted);
    }

    private static Snapshot<EndpointState> Changed(string id, long version, string account = "acct-1") => new()
    {
        Id = id, Version = version, Fold = 1, State = EndpointLife.Fold.From(null, 0, [An.Created() with { EndpointId = id, AccountId = account }])!,
    };
}
