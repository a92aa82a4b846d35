// Not run by the tests: Debian has neither Spring Boot nor com.standardwebhooks:standardwebhooks.
// The first way to hear of results: the daemon's notifications (notify.url and notify.secret).
package com.example.shop;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

@RestController
class NotificationController {
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Message(String type, Orders.Payment data) {}

    private final Orders orders;
    private final ObjectMapper json;
    private final Webhook webhook;

    NotificationController(Orders orders, ObjectMapper json, @Value("${notify.secret}") String secret)
            throws Exception {
        this.orders = orders;
        this.json = json;
        this.webhook = new Webhook(secret);
    }

    @PostMapping("/notifications")
    ResponseEntity<Void> take(@RequestBody byte[] bytes, @RequestHeader("webhook-id") String id,
                              @RequestHeader("webhook-timestamp") String timestamp,
                              @RequestHeader("webhook-signature") String signature) throws Exception {
        String body = new String(bytes, StandardCharsets.UTF_8);  // the signature covers it as it came
        try {
            webhook.verify(body, HttpHeaders.of(Map.of("webhook-id", List.of(id), "webhook-timestamp",
                List.of(timestamp), "webhook-signature", List.of(signature)), (name, value) -> true));
        } catch (WebhookVerificationException error) {
            return ResponseEntity.status(401).build();
        }
        Message message = json.readValue(body, Message.class);
        if (message.type().equals("payment.finding")) {
            // For a person. It has the version of a message that may still come: it changes nothing.
            LoggerFactory.getLogger(getClass()).warn("look at {}", message.data());
        } else {
            orders.accept(message.data(), message.type().equals("payment.paid"));
        }
        return ResponseEntity.noContent().build();  // after the commit; where it failed, 500
    }
}
