using Bunit;
using Hypervize.Dashboard.Live;
using Hypervize.Dashboard.Sessions;
using Hypervize.Dashboard.Shell;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Dashboard.Tests;

/// <summary>Shows a page or a component to somebody who is signed in, with a platform that answers as the test says.</summary>
public abstract class PageContext : BunitContext
{
    protected PageContext()
    {
        // With more patience than a slow machine needs.
        DefaultWaitTimeout = TimeSpan.FromSeconds(30);
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddSingleton<TimeProvider>(Time);
        Services.AddSingleton(Platform.Access).AddSingleton<FleetFeeds>();
        Services.AddSingleton(new DashboardSettings()).AddSingleton<EndedSessions>().AddSingleton<SignInLinks>();
        // After all services: it asks for one.
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
    }

    /// <summary>The platform.</summary>
    protected FakePlatform Platform { get; } = new();

    /// <summary>Time.</summary>
    protected FakeTimeProvider Time { get; } = new(Some.Now);

    /// <summary>Where the visitor is.</summary>
    protected NavigationManager Navigation => Services.GetRequiredService<NavigationManager>();

    /// <summary>Shows a component.</summary>
    protected IRenderedComponent<T> Show<T>(Action<ComponentParameterCollectionBuilder<T>>? parameters = null, Session? session = null) where T : IComponent
    {
        var visit = new Visit(session ?? Some.Session, Platform.Access.For(session ?? Some.Session));
        RenderTree.TryAdd<CascadingValue<Visit>>(p => p.Add(v => v.Value, visit));
        return Render<T>(p => parameters?.Invoke(p));
    }

    /// <summary>Moves time on until an assertion holds: feeds tell, and pages ask again, in steps of it.</summary>
    protected Task HoldsAsync(Action assertion, TimeSpan? step = null) => Usages.HoldsAsync(Time, step ?? TimeSpan.FromMilliseconds(100), assertion);
}
