using System.Diagnostics;

namespace Hypervize.Provisioner.Tests.Parts;

/// <summary>Waits for things to become true, with more patience than a slow machine needs.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static Task TrueAsync(Func<bool> holds, string what, Func<string>? details = null) => TrueAsync(() => Task.FromResult(holds()), what, details);

    public static async Task TrueAsync(Func<Task<bool>> holds, string what, Func<string>? details = null)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            if (waited.Elapsed > Patience) Assert.Fail($"It did not come to this: {what}\n{details?.Invoke()}");
            await Task.Delay(20);
        }
    }

    public static async Task<T> SomeAsync<T>(Func<T?> find, string what, Func<string>? details = null) where T : class
    {
        T? found = null;
        await TrueAsync(() => (found = find()) is not null, what, details);
        return found!;
    }
}
