<?php
// Calls to the daemon's admin endpoint.
declare(strict_types=1);

// The status (0: no answer) and the decoded body.
function ask_daemon(string $method, string $target, ?array $body = null, int $seconds = 15): array
{
    $headers = ['Content-Type: application/json'];
    if ($token = getenv('RECONCILED_TOKEN')) $headers[] = "Authorization: Bearer $token";
    $context = stream_context_create(['http' => [
        'method' => $method,
        'header' => $headers,
        'content' => $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR),
        'protocol_version' => 1.1,
        'timeout' => $seconds,
        'ignore_errors' => true,  // the answer to a refusal, too
    ]]);
    $admin = getenv('RECONCILED_ADMIN') ?: 'http://127.0.0.1:8803';
    $answer = @file_get_contents($admin . $target, false, $context);
    if ($answer === false) return [0, null];
    return [(int) explode(' ', $http_response_header[0])[1], json_decode($answer, true)];
}
