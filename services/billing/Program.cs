using Hypervize.Billing.Api;
using Hypervize.Billing.Ledger;
using Hypervize.Billing.Messaging;
using Hypervize.Billing.Replay;
using Hypervize.Billing.Spending;
using Hypervize.Contracts;
using Hypervize.Hosting;

const string Name = "billing";

return await Service.RunAsync(Name, args, (builder, settings) =>
{
    var peers = settings.Read<PeerSettings>("Peers");
    settings.Read<SpendingSettings>("Spending");
    builder.AddIdentity(settings, Name);

    builder.AddEventLog(settings, Name).AddLedgers().Stream("spend", SpendLife.Fold).Forward(Publications.All);

    builder.AddBus(settings, x => x.AddConsumer<EndpointFacts>(), EndpointFacts.Declare);

    builder.Services.AddServiceClient(EndpointStreams.ClientName, peers.Endpoints!);
    builder.Services.AddSingleton<EndpointStreams>();
    builder.Services.AddSingleton(EndpointFacts.Feed);
    builder.Services.AddFeedCatchUp<EndpointChanged>(EndpointStreams.ClientName, "internal/endpoints/versions");
    builder.Services.AddSingleton<BillReplay>();
    builder.Services.AddHostedService<SpendWatch>();
}, app =>
{
    app.MapBilling();
    app.MapCaps();
    app.MapInternal();
    app.MapErrorQueues(Name);
});
