using Hypervize.Autoscaler.Messaging;
using Hypervize.Autoscaler.Recording;
using Hypervize.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Autoscaler.Tests.Recording;

/// <summary>What was recorded, as it is kept: on the real PostgreSQL.</summary>
public sealed class TrafficStoreSpecs : IAsyncLifetime
{
    private const string Id = "endpt-000000000001";
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _time = new(Noon);
    private Database _database = null!;
    private Npgsql.NpgsqlDataSource _source = null!;
    private TrafficStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.CreateAsync();
        _source = Npgsql.NpgsqlDataSource.Create(_database.ConnectionString);
        _store = new(_source);
        await _store.PrepareAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_point_is_read_as_it_was_kept()
    {
        var point = new TrafficPoint
        {
            At = Noon, Seconds = 10, Arrived = [1, 0, 2, 0, 0, 0, 0, 0, 0, 0], Statuses = new Dictionary<int, int> { [200] = 3 }, PromptTokens = 7, CompletionTokens = 9,
            FirstToken = new(1, 50, new Dictionary<int, long> { [38] = 1 }), InFlight = 1.5, Wanted = 2, Ready = 1, Nodes = new(1, 2, 0.5),
        };
        await _store.SaveAsync(TrafficPoint.ShortSeconds, [new(Id, point)], CancellationToken.None);
        var read = Assert.Single(await ReadAsync(TrafficPoint.ShortSeconds));
        Assert.Equivalent(point, read, strict: true);
    }

    [Fact]
    public async Task What_is_kept_twice_is_there_once()
    {
        for (var time = 0; time < 2; time++) await _store.SaveAsync(TrafficPoint.ShortSeconds, [Point(0, arrived: 1)], CancellationToken.None);
        Assert.Single(await ReadAsync(TrafficPoint.ShortSeconds));
    }

    [Fact]
    public async Task Short_intervals_go_after_a_day_and_minutes_after_thirty()
    {
        await _store.SaveAsync(TrafficPoint.ShortSeconds, [Point(0), Point(60)], CancellationToken.None);
        await _store.SaveAsync(TrafficPoint.LongSeconds, [Point(0), Point(60)], CancellationToken.None);
        await _store.SaveAsync(new Watched(Noon, Noon.AddMinutes(2)), CancellationToken.None);
        await _store.ForgetAsync(Noon.AddDays(1).AddSeconds(30), CancellationToken.None);
        Assert.Equal((1, 2), ((await ReadAsync(TrafficPoint.ShortSeconds)).Count, (await ReadAsync(TrafficPoint.LongSeconds)).Count));
        await _store.ForgetAsync(Noon.AddDays(31), CancellationToken.None);
        Assert.Equal((0, 0), ((await ReadAsync(TrafficPoint.LongSeconds)).Count, (await _store.WatchedAsync(Noon, Noon.AddDays(1), CancellationToken.None)).Count));
    }

    [Fact]
    public async Task A_keeper_keeps_what_is_recorded_and_adds_up_minutes_that_are_over()
    {
        var recorder = new TrafficRecorder(_time);
        using var keeper = new TrafficKeeper(recorder, _store, new EndpointTable(_time), new PostgresSettings { ConnectionString = _database.ConnectionString }, TimeProvider.System, NullLogger<TrafficKeeper>.Instance);
        var begin = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        begin = new(begin.UtcTicks - begin.UtcTicks % TimeSpan.FromMinutes(1).Ticks, TimeSpan.Zero);
        recorder.GiveBack([.. Enumerable.Range(0, 12).Select(i => new RecordedInterval(
            begin.AddSeconds(10 * i), begin.AddSeconds(10 * i + 10), true, [new(Id, new TrafficPoint { At = begin.AddSeconds(10 * i), Seconds = 10, Arrived = [0, 0, i, 0, 0, 0, 0, 0, 0, 0], InFlight = i })]))]);
        await keeper.StartAsync(CancellationToken.None);
        var minutes = await Eventually.SomeAsync(async () => await _store.ReadAsync(Id, TrafficPoint.LongSeconds, begin, begin.AddHours(1), CancellationToken.None) is { Count: 2 } all ? all : null, "two minutes are added up");
        await keeper.StopAsync(CancellationToken.None);

        Assert.Equal([(0.0, 15, 2.5), (60.0, 51, 8.5)], minutes.Select(m => ((m.At - begin).TotalSeconds, m.Arrived!.Sum(), m.InFlight)));
        Assert.Equal([0, 1, 2, 3, 4, 5], minutes[0].Arrived!);
        Assert.Equal([new Watched(begin, begin.AddMinutes(2))], await _store.WatchedAsync(begin, begin.AddHours(1), CancellationToken.None));
    }

    [Fact]
    public async Task A_minute_that_was_not_watched_to_its_end_says_so()
    {
        var recorder = new TrafficRecorder(_time);
        using var keeper = new TrafficKeeper(recorder, _store, new EndpointTable(_time), new PostgresSettings { ConnectionString = _database.ConnectionString }, TimeProvider.System, NullLogger<TrafficKeeper>.Instance);
        var begin = new DateTimeOffset(TimeProvider.System.GetUtcNow().AddMinutes(-10).UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);
        recorder.GiveBack([.. Enumerable.Range(0, 2).Select(i => new RecordedInterval(
            begin.AddSeconds(10 * i), begin.AddSeconds(10 * i + 10), true, [new(Id, new TrafficPoint { At = begin.AddSeconds(10 * i), Seconds = 10, InFlight = 6, Ready = 2 })]))]);
        await keeper.StartAsync(CancellationToken.None);
        var minute = await Eventually.SomeAsync(async () => (await _store.ReadAsync(Id, TrafficPoint.LongSeconds, begin, begin.AddHours(1), CancellationToken.None)).FirstOrDefault(), "the minute is added up");
        await keeper.StopAsync(CancellationToken.None);
        Assert.Equal((20, 6, 2), (minute.Seconds, minute.InFlight, minute.Ready));
    }

    private Task<List<TrafficPoint>> ReadAsync(int length) => _store.ReadAsync(Id, length, Noon, Noon.AddDays(1), CancellationToken.None);

    private static KeyValuePair<string, TrafficPoint> Point(int second, int? arrived = null) =>
        new(Id, new() { At = Noon.AddSeconds(second), Seconds = 10, Arrived = arrived is { } some ? [some, 0, 0, 0, 0, 0, 0, 0, 0, 0] : null, Ready = 1 });
}
