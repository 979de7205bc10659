using System.CommandLine;
using Hypervize.Simulator;

var host = new Option<string>("--host") { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
var port = new Option<int>("--port") { Description = "Port to listen on.", Required = true };
var model = new Option<string>("--model") { Description = "Model name; a query after it overrides the behaviour (simulator/tiny?load=2&ttft=50&fail-to-load).", Required = true };
var servedName = new Option<string?>("--served-model-name") { Description = "Name the model is served under; the model's name by default." };
var load = new Option<double>("--load-seconds") { Description = "Seconds the model takes to load.", DefaultValueFactory = _ => new Behaviour().LoadSeconds };
var ttft = new Option<int>("--ttft-ms") { Description = "Milliseconds to the first token.", DefaultValueFactory = _ => new Behaviour().TtftMs };
var tps = new Option<double>("--tokens-per-second") { Description = "Tokens per second of each request; 0 for no pauses.", DefaultValueFactory = _ => new Behaviour().TokensPerSecond };
var concurrency = new Option<int>("--concurrency") { Description = "Requests that run at once.", DefaultValueFactory = _ => new Behaviour().Concurrency };
var failToLoad = new Option<bool>("--fail-to-load") { Description = "End with an error instead of becoming ready." };
var hang = new Option<bool>("--hang") { Description = "Never become ready." };
var crashAfter = new Option<int>("--crash-after") { Description = "Die after so many requests." };
var dropStreamAfter = new Option<int>("--drop-stream-after") { Description = "Cut a stream after so many tokens." };
var servingLog = new Option<string?>("--serving-log") { Description = "File to note in when this node served." };
var nodeId = new Option<string>("--node-id") { Description = "Name of this node.", DefaultValueFactory = _ => "simulator" };

var command = new RootCommand("An OpenAI-compatible node without a GPU, for showing and testing a platform.")
{
    host, port, model, servedName, load, ttft, tps, concurrency, failToLoad, hang, crashAfter, dropStreamAfter, servingLog, nodeId,
};
command.SetAction((parsed, cancel) =>
{
    var asked = new Behaviour(
        parsed.GetValue(load), parsed.GetValue(ttft), parsed.GetValue(tps), parsed.GetValue(concurrency), parsed.GetValue(failToLoad), parsed.GetValue(hang),
        parsed.GetValue(crashAfter), parsed.GetValue(dropStreamAfter));
    var name = parsed.GetValue(model)!;
    return Node.RunAsync(
        new(parsed.GetValue(host)!, parsed.GetValue(port), name, parsed.GetValue(servedName) ?? name, parsed.GetValue(nodeId)!, parsed.GetValue(servingLog)),
        asked.OverriddenBy(name), cancel);
});
return await command.Parse(args).InvokeAsync();
