using Hypervize.Dashboard;
using Hypervize.Dashboard.Billing;
using Hypervize.Dashboard.Live;
using Hypervize.Dashboard.Platform;
using Hypervize.Dashboard.Relay;
using Hypervize.Dashboard.Sessions;
using Hypervize.Dashboard.Shell;
using Hypervize.Hosting;

return await Service.RunAsync("dashboard", args, (builder, settings) =>
{
    var dashboard = settings.Read<DashboardSettings>("Dashboard");
    builder.WebHost.UseStaticWebAssets();
    builder.Services.AddHealthChecks();

    // All that is shown comes from the public API, with the key of whoever looks at it.
    builder.Services.AddPlatform(dashboard);
    builder.Services.AddSessions(dashboard);
    builder.Services.AddSingleton<FleetFeeds>();

    builder.Services.AddRazorComponents().AddInteractiveServerComponents();
    builder.Services.AddCascadingAuthenticationState();
    builder.Services.AddPages();
}, app =>
{
    app.UsePublicAddress();
    app.UsePageSecurity();
    app.UseRouting();
    app.UseAuthentication();
    app.UseAuthorization();
    app.UseAntiforgery();
    app.MapStaticAssets().AllowAnonymous();
    app.MapSessions();
    app.MapRelay();
    app.MapUsageCsv();
    // Blazor would say who may frame pages by a header of its own; PageSecurity says it.
    app.MapRazorComponents<App>().AddInteractiveServerRenderMode(o => o.ContentSecurityFrameAncestorsPolicy = null);
});
