using Hypervize.Billing.Api;
using Hypervize.Billing.Ledger;
using Hypervize.Billing.Messaging;
using Hypervize.Billing.Replay;
using Hypervize.Contracts;
using Hypervize.Hosting;
using JasperFx.Events.Projections;

const string Name = "billing";

return await Service.RunAsync(Name, args, (builder, settings) =>
{
    var peers = settings.Read<PeerSettings>("Peers");
    builder.AddIdentity(settings, Name);

    builder.AddEventLog(settings, Name)
        .Stream("ledger", LedgerState.Fold)
        .Configure(store =>
        {
            store.Projections.Add(new MeterProjection(), ProjectionLifecycle.Inline);
            store.Schema.For<Meter>().Index(m => m.AccountId).Index(m => m.NodeId);
        });

    builder.AddBus(settings, x => x.AddConsumer<EndpointFacts>(), EndpointFacts.Declare);

    builder.Services.AddServiceClient(EndpointStreams.ClientName, peers.Endpoints!);
    builder.Services.AddSingleton<EndpointStreams>();
    builder.Services.AddSingleton(EndpointFacts.Feed);
    builder.Services.AddFeedCatchUp<EndpointChanged>(EndpointStreams.ClientName, "internal/endpoints/versions");
    builder.Services.AddSingleton<BillReplay>();
}, app =>
{
    app.MapBilling();
    app.MapErrorQueues(Name);
});
