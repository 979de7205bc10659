using CsCheck;

namespace Hypervize.EventSourcing.Tests;

/// <summary>What the reader of a log knows about numbers that are drawn before they are committed.</summary>
public sealed class LogFrontierSpecs
{
    [Fact]
    public void A_late_number_holds_the_mark_but_not_what_follows()
    {
        var frontier = new LogFrontier(mark: 4);
        frontier.Read([5, 7, 8], complete: true);
        Assert.Equal((5, 8), (frontier.Mark, frontier.Head));
        Assert.Equal([6], frontier.Missing);
    }

    [Fact]
    public void A_number_is_given_up_when_nobody_is_left_who_could_bring_it()
    {
        var frontier = new LogFrontier(mark: 0);
        frontier.Read([2], complete: true);
        frontier.Suspect(new HashSet<string> { "slow" });
        frontier.Read([], complete: true);
        Assert.Equal(0, frontier.Mark);

        frontier.Suspect(new HashSet<string> { "another" });
        frontier.Read([], complete: true);
        Assert.Equal(2, frontier.Mark);
    }

    [Fact]
    public void A_number_is_not_given_up_before_it_was_looked_for_once_more()
    {
        var frontier = new LogFrontier(mark: 0);
        frontier.Read([3], complete: true);
        frontier.Suspect(new HashSet<string>());
        frontier.Read([1], complete: false);
        Assert.Equal([2], frontier.Missing);
    }

    [Fact]
    public void Whatever_order_transactions_end_in_every_committed_number_is_read_once_and_the_mark_never_passes_one() =>
        Gen.Int[0, 999].Array[0, 150].Sample(script =>
        {
            var log = new Log();
            var frontier = new LogFrontier(mark: 0);
            var read = new List<long>();
            foreach (var step in script)
            {
                var who = $"transaction {step / 10 % 6}";
                switch (step % 10)
                {
                    case < 4: log.Draw(who, 1 + step / 60 % 3); break;
                    case < 6: log.Commit(who); break;
                    case 6: log.RollBack(who); break;
                    case 7: frontier.Suspect(log.Open); break;
                    default: ReadPage(log, frontier, read, pageSize: 1 + step / 60 % 4); break;
                }
                Assert.All(log.Undecided.Concat(log.Committed.Except(read)), number => Assert.True(number > frontier.Mark));
            }

            log.EndAll();
            for (var again = 0; again < script.Length + 2; again++)
            {
                frontier.Suspect(log.Open);
                ReadPage(log, frontier, read, pageSize: 4);
            }
            frontier.Suspect(log.Open);
            ReadPage(log, frontier, read, pageSize: 4);
            Assert.Equal(log.Committed, read.Order());
            Assert.Empty(frontier.Missing);
        });

    private static void ReadPage(Log log, LogFrontier frontier, List<long> read, int pageSize)
    {
        var page = log.Committed.Where(n => n > frontier.Head || frontier.Missing.Contains(n)).Take(pageSize).ToList();
        frontier.Read(page, complete: page.Count < pageSize);
        read.AddRange(page);
    }

    /// <summary>Transactions that draw numbers and end some time.</summary>
    private sealed class Log
    {
        private readonly Dictionary<string, List<long>> _open = [];
        private long _last;

        public SortedSet<long> Committed { get; } = [];

        public IEnumerable<long> Undecided => _open.Values.SelectMany(drawn => drawn);

        public HashSet<string> Open => [.. _open.Keys];

        public void Draw(string who, int count)
        {
            if (!_open.TryGetValue(who, out var drawn)) _open[who] = drawn = [];
            while (count-- > 0) drawn.Add(++_last);
        }

        public void Commit(string who)
        {
            if (_open.Remove(who, out var drawn)) Committed.UnionWith(drawn);
        }

        public void RollBack(string who) => _open.Remove(who);

        public void EndAll()
        {
            foreach (var (index, who) in Open.Order().Index())
            {
                if (index % 2 == 0) Commit(who);
                else RollBack(who);
            }
        }
    }
}
