namespace Hypervize.Proxy.Limits;

/// <summary>What happened in each of the last sixty seconds.</summary>
internal sealed class MinuteWindow
{
    private const int Length = 60;
    private readonly int[] _seconds = new int[Length];
    private long _now;

    /// <summary>How often it happened in the last minute.</summary>
    public int Total { get; private set; }

    /// <summary>Time goes on.</summary>
    /// <param name="second">The second it is now; it never goes back.</param>
    public void MoveTo(long second)
    {
        for (var passed = Math.Min(second - _now, Length); passed > 0; passed--)
        {
            ref var oldest = ref _seconds[(second - passed + 1) % Length];
            Total -= oldest;
            oldest = 0;
        }
        _now = Math.Max(_now, second);
    }

    /// <summary>It happened so often now; negative takes back what was said of this second.</summary>
    /// <param name="times">How often.</param>
    public void Add(int times)
    {
        _seconds[_now % Length] += times;
        Total += times;
    }

    /// <summary>Seconds until the total has fallen below a number by what grows too old; 0 when it is below.</summary>
    /// <param name="number">The number, above 0.</param>
    public int SecondsUntilBelow(int number)
    {
        var left = Total;
        for (var age = Length - 1; age >= 0 && left >= number; age--)
        {
            left -= _seconds[(_now - age + Length) % Length];
            if (left < number) return Length - age;
        }
        return 0;
    }

    /// <summary>Seconds until nothing of it is left; 0 when nothing is.</summary>
    public int SecondsUntilEmpty()
    {
        for (var age = 0; age < Length; age++)
            if (_seconds[(_now - age + Length) % Length] > 0) return Length - age;
        return 0;
    }
}
