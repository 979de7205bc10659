using Bunit;
using Hypervize.Client;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Tests;

/// <summary>A platform whose answers are held until the test lets them go, in whatever order, and come also to who does not wait any more.</summary>
public sealed class HeldPlatform(FakePlatform platform) : DelegatingHandler(platform)
{
    private readonly Dictionary<string, TaskCompletionSource> _held = new(StringComparer.Ordinal);

    /// <summary>Whoever looks at it.</summary>
    public Visit Visit => new(Some.Session, new PlatformApi(new HttpClient(this, disposeHandler: false) { BaseAddress = new("http://platform.test/") }, Some.Key));

    /// <summary>Answers to calls whose address contains a text are held.</summary>
    public void Hold(string text)
    {
        lock (_held) _held[text] = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>They are let go.</summary>
    public void LetGo(string text)
    {
        lock (_held)
            if (_held.Remove(text, out var held)) held.SetResult();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Task held;
        lock (_held) held = Task.WhenAll(_held.Where(h => request.RequestUri!.PathAndQuery.Contains(h.Key, StringComparison.Ordinal)).Select(h => h.Value.Task));
        var answer = await base.SendAsync(request, CancellationToken.None);
        await held;
        return answer;
    }
}
