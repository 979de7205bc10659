using System.Text.Json;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Overview;

/// <summary>Typed causes of failures, for people.</summary>
public static class FailureWords
{
    /// <summary>The cause in some words.</summary>
    /// <param name="code">The cause.</param>
    public static string Title(FailureCode code) => code switch
    {
        FailureCode.RuntimeUnavailable => "The runtime can't be started",
        FailureCode.CapacityUnavailable => "There was no capacity",
        FailureCode.WeightsUnavailable => "The model's weights could not be fetched",
        FailureCode.ModelAccessDenied => "The model may not be read any more",
        FailureCode.StartExited => "The runtime ended before it was ready",
        FailureCode.StartTimedOut => "The runtime was not ready in time",
        FailureCode.NodeCrashed => "A node's process ended by itself",
        FailureCode.PlatformStopped => "The platform was stopped",
        FailureCode.NodeUnresponsive => "A node stopped answering",
    };

    /// <summary>What an owner can do about it.</summary>
    /// <param name="code">The cause.</param>
    public static string WhatToDo(FailureCode code) => code switch
    {
        FailureCode.RuntimeUnavailable => "Have the operator install the runtime on the nodes, then try again; or deploy the model with another runtime.",
        FailureCode.CapacityUnavailable => "Try again in some minutes, or deploy the model on other hardware.",
        FailureCode.WeightsUnavailable => "See whether the Hub can be reached and the nodes' disk has room, then try again: what was fetched is kept.",
        FailureCode.ModelAccessDenied => "Ask for access on the model's page, and deploy it with a token that has it.",
        FailureCode.StartExited => "The last lines that it printed mostly say why: too little memory, or an argument that it does not know. Mend that, then try again.",
        FailureCode.StartTimedOut => "Try again: weights that were fetched are kept, so that the next start is shorter. If it goes on, deploy the model on larger hardware.",
        FailureCode.NodeCrashed => "The last lines that it printed mostly say why. Another node takes its place by itself while the endpoint is on.",
        FailureCode.PlatformStopped => "Nothing is wrong with the endpoint. Try again.",
        FailureCode.NodeUnresponsive => "Another node takes its place by itself. If it goes on, let a node take fewer requests at once.",
    };

    /// <summary>The cause as programs know it, such as <c>start_exited</c>.</summary>
    /// <param name="code">The cause.</param>
    public static string Code(FailureCode code) => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString());
}
