namespace Hypervize.Autoscaling.Simulation;

/// <summary>
/// Traffic of our own making, for who has none yet: an assistant that a company's people use. Quiet at night, a rise in the morning, a dip at lunch, an evening,
/// weekends at a third; and now and then a burst of some minutes, as when a mail goes round. The same every time.
/// </summary>
public static class ExampleTraffic
{
    private const int Minutes = 24 * 60;
    private static readonly DateTimeOffset Monday = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    // Requests per minute at each hour of a working day.
    private static readonly double[] Hours = [0, 0, 0, 0, 0, 0.3, 4, 30, 96, 150, 165, 152, 85, 120, 160, 172, 150, 100, 55, 40, 30, 18, 6, 0.8];

    /// <summary>A working day.</summary>
    public static Traffic Day() => Days(1);

    /// <summary>Days from a Monday on, in steps of a minute.</summary>
    /// <param name="days">How many.</param>
    public static Traffic Days(int days)
    {
        var random = new Random(7);
        var (intervals, burst) = (new List<Cohort>(days * Minutes), 0);
        for (var minute = 0; minute < days * Minutes; minute++)
        {
            var (day, hour) = (minute / Minutes, minute % Minutes / 60.0);
            var usual = Hours[(int)hour] + (Hours[((int)hour + 1) % 24] - Hours[(int)hour]) * (hour % 1);
            if (day % 7 > 4) usual /= 3;
            if (burst == 0 && usual > 5 && random.Next(300) == 0) burst = random.Next(3, 12);
            else if (burst > 0) burst--;
            // The mean of a minute's answers, of some hundred tokens each.
            intervals.Add(new(Poisson(usual * (burst > 0 ? 4 : 1), random), 5 + 2 * random.NextDouble()));
        }
        return Traffic.OfIntervals(Monday, 60, intervals);
    }

    // Knuth, The Art of Computer Programming, 3.4.1; for more than some dozens the normal distribution is as good.
    private static int Poisson(double mean, Random random)
    {
        if (mean > 60) return Math.Max(0, (int)Math.Round(mean + Math.Sqrt(mean) * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
        var (count, product) = (0, random.NextDouble());
        for (var least = Math.Exp(-mean); product > least; count++) product *= random.NextDouble();
        return count;
    }
}
