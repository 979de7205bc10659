using System.Diagnostics;

namespace Hypervize.Kit;

/// <summary>Waits for things to become true, with more patience than a slow machine needs.</summary>
public static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static Task TrueAsync(Func<bool> holds, string what, Func<string>? details = null) => TrueAsync(() => Task.FromResult(holds()), what, details);

    public static async Task TrueAsync(Func<Task<bool>> holds, string what, Func<string>? details = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException($"Waited {Patience.TotalSeconds} s for {what}. {details?.Invoke()}");
            await Task.Delay(20);
        }
    }

    public static Task<T> SomeAsync<T>(Func<T?> find, string what, Func<string>? details = null) where T : class => SomeAsync(() => Task.FromResult(find()), what, details);

    public static async Task<T> SomeAsync<T>(Func<Task<T?>> find, string what, Func<string>? details = null) where T : class
    {
        T? found = null;
        await TrueAsync(async () => (found = await find()) is not null, what, details);
        return found!;
    }
}
