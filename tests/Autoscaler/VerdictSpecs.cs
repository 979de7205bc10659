using Hypervize.Autoscaler.History;
using Hypervize.Autoscaling.Policy;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Autoscaler.Tests;

/// <summary>What the policy found, as it is kept: on the real PostgreSQL.</summary>
public sealed class VerdictSpecs : IAsyncLifetime
{
    private const string Id = "endpt-000000000001";
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly Verdicts _verdicts;
    private Database _database = null!;
    private Npgsql.NpgsqlDataSource _source = null!;
    private VerdictStore _store = null!;

    public VerdictSpecs() => _verdicts = new(_time);

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
    public void What_is_found_again_is_one_run_with_the_least_and_the_most_that_was_needed()
    {
        Finds(10, 8, 12);
        var run = Assert.IsType<VerdictRun>(_verdicts.Now(Id));
        Assert.Equal((TimeSpan.FromSeconds(2), 8 / 12.8, 12 / 12.8), (run.To - run.From, run.LeastNeeded, run.Most.Needed));
    }

    [Fact]
    public void Another_verdict_is_another_run()
    {
        Finds(10, 10, 30, 30);
        Assert.Equal([1], _verdicts.Take(all: false).Select(r => r.Most.Nodes));
        Assert.Equal(3, _verdicts.Now(Id)!.Most.Nodes);
    }

    [Fact]
    public void The_same_by_another_tuning_is_another_run()
    {
        Finds(10);
        Finds(Tuning.Default.With(new(Utilisation: 0.9)), 10);
        Assert.Equal([0.8], _verdicts.Take(all: false).Select(r => r.Most.Tuning.TargetUtilisation));
    }

    [Fact]
    public async Task What_was_found_at_a_moment_can_be_read_later()
    {
        Finds([.. Enumerable.Repeat(10.0, 100), .. Enumerable.Repeat(30.0, 100)]);
        _verdicts.End(Id);
        await _store.SaveAsync(_verdicts.Take(all: false), CancellationToken.None);

        var first = await AtAsync(50);
        Assert.Equal((1, "10.0 requests at once over 30 s on 1 node; target 12.8 requests at once a node → 1 node"), (first!.Nodes, first.Words));
        Assert.Equal(3, (await AtAsync(150))!.Nodes);
        Assert.Null(await AtAsync(-1));
        Assert.Null(await AtAsync(400));
        Assert.Equal([3, 1], (await _store.ReadAsync(Id, _time.GetUtcNow(), 10, CancellationToken.None)).Select(f => f.Nodes));
    }

    [Fact]
    public async Task A_run_that_goes_on_is_one_row_however_often_it_is_written()
    {
        for (var minute = 0; minute < 3; minute++)
        {
            Finds([.. Enumerable.Repeat(10.0, 61)]);
            await _store.SaveAsync(_verdicts.Take(all: false), CancellationToken.None);
        }
        var only = Assert.Single(await _store.ReadAsync(Id, _time.GetUtcNow(), 10, CancellationToken.None));
        Assert.Equal(only.To, await _store.LastAsync(CancellationToken.None));
        Assert.Equal(182, (only.To - only.From).TotalSeconds);
    }

    [Fact]
    public async Task What_is_too_old_is_let_go_of()
    {
        Finds(10, 10);
        await _store.SaveAsync(_verdicts.Take(all: true), CancellationToken.None);
        await _store.ForgetAsync(_time.GetUtcNow(), CancellationToken.None);
        Assert.Empty(await _store.ReadAsync(Id, _time.GetUtcNow(), 10, CancellationToken.None));
    }

    [Fact]
    public void What_could_not_be_kept_is_taken_again()
    {
        Finds(10, 30);
        var taken = _verdicts.Take(all: false);
        _verdicts.GiveBack(taken);
        Assert.Equal(taken, _verdicts.Take(all: false));
    }

    [Fact]
    public async Task A_run_that_goes_on_and_could_not_be_kept_is_kept_later()
    {
        Finds([.. Enumerable.Repeat(10.0, 61)]);
        _verdicts.GiveBack(_verdicts.Take(all: false));
        Finds([.. Enumerable.Repeat(10.0, 61)]);
        using var keeper = new VerdictKeeper(_verdicts, _store, new() { ConnectionString = _database.ConnectionString }, TimeProvider.System, NullLogger<VerdictKeeper>.Instance);
        await keeper.StartAsync(CancellationToken.None);
        var only = await Eventually.SomeAsync(async () => (await _store.ReadAsync(Id, _time.GetUtcNow(), 10, CancellationToken.None)).SingleOrDefault(), "it is kept");
        await keeper.StopAsync(CancellationToken.None);
        Assert.Equal(121, (only.To - only.From).TotalSeconds);
    }

    private Task<Finding?> AtAsync(int second) => _store.AtAsync(Id, new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero).AddSeconds(second + 0.5), CancellationToken.None);

    // An evaluation each second, of so many requests at once, at one node.
    private void Finds(params double[] atOnce) => Finds(Tuning.Default, atOnce);

    private void Finds(Tuning tuning, params double[] atOnce)
    {
        foreach (var load in atOnce)
        {
            var demand = new Demand(new(load, 0), new(load, 0), new(load, 0), TimeSpan.Zero, 1, 0, TimeSpan.Zero);
            _verdicts.Note(Id, ScalingPolicy.Decide(new(new(1, 8, 60, 16), 1, 1, TimeSpan.Zero, null, demand), tuning));
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
